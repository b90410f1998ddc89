namespace Naf.Tests;

/// <summary>Every tolerance of the numerical tests, with its reason.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Gradient in double against central differences with step 1e-6: truncation 1e-12, rounding 1e-16 / 1e-6, some
    /// hundred terms.
    /// </summary>
    public const double FiniteDifference = 1e-7;

    /// <summary>
    /// Outputs, losses and gradients by two implementations in double, relative to the largest: roundings of 1e-16 in
    /// sums of at most some thousand terms.
    /// </summary>
    public const double Autograd = 1e-10;

    /// <summary>
    /// Parameters after some steps of Adam of 1e-2 by two implementations in double: where the gradient is about 1e-8,
    /// as large as ε, the step's direction depends on the gradient's rounding, 1e-16 / 1e-8.
    /// </summary>
    public const double TorchParameters = 1e-8;

    /// <summary>A float32 sum of n terms of size 1: n roundings of 6e-8 at worst.</summary>
    public static double Float32Sum(int terms) => 1e-6 + 6e-8 * terms;

    /// <summary>A policy trained on samples against the exact gain of the linear-quadratic problem.</summary>
    public const double LearnedGain = 0.06;

    /// <summary>
    /// A linear-Gaussian system fitted to n samples of order 1: errors of about 1 / √n times the noise (0.3), here at
    /// most 6 of them.
    /// </summary>
    public static double SampledFit(int samples) => 2 / Math.Sqrt(samples);

    /// <summary>
    /// Two implementations of a fit in double: rounding of 1e-16 amplified by the condition number of the inputs'
    /// covariance, at most 1e4 here.
    /// </summary>
    public const double DoubleFit = 1e-10;

    /// <summary>
    /// Parameters after some updates on two devices: a step of Adam changes one by 1e-3, and rounding decides the
    /// direction where the gradient is nearly zero; most agree to 1e-6.
    /// </summary>
    public const double UpdatedParameters = 1e-3;

    /// <summary>An action with equal parameters on two devices: float32 sums of some dozen terms, and tanh.</summary>
    public const double PolicyAction = 1e-5;

    /// <summary>
    /// μ(x) after up to 45 updates on two devices: steps of 1e-3 in some thousand parameters, a few of them in
    /// directions decided by rounding.
    /// </summary>
    public const double FirstUpdates = 2e-3;

    /// <summary>The loss of one update on two devices, relative: float32 sums of some hundred terms, squared.</summary>
    public const double LossOfDevices = 1e-4;

    /// <summary>
    /// The mean loss of an episode on two devices, relative: after rounding has changed an action, the episodes and
    /// their transitions diverge slowly.
    /// </summary>
    public const double LossOfEpisode = 0.2;

    /// <summary>
    /// Moments of samples of magnitude 1e6 and spread 1, computed in two ways in double: a mean is rounded to 1e-10,
    /// and so is a product with it.
    /// </summary>
    public const double MomentsFarFromZero = 1e-9;

    /// <summary>
    /// Some ten numbers of magnitude 1 to 30, combined in double as in a formula by hand: roundings of 1e-16 to 4e-15
    /// each.
    /// </summary>
    public const double ByHand = 1e-13;

    /// <summary>
    /// A number of an imagined row on two devices or against double: float32 sums of some dozen terms lose three of
    /// seven digits, and contracting models do not amplify an early step's error.
    /// </summary>
    public const double ImaginedRow = 1e-4;

    /// <summary>
    /// A normal in float32, at most √(2 ln 2²⁴) = 5.8: two units in the last place each from logarithm and sine, each
    /// of 5e-7 at most.
    /// </summary>
    public const double Float32Normal = 2e-6;

    /// <summary>A normal in double by two implementations: a few roundings of 1e-16 of numbers up to 5.8.</summary>
    public const double DoubleNormal = 1e-14;

    /// <summary>A mean of independent draws with a given standard deviation: four of its standard errors.</summary>
    public static double SampledMean(double deviation, int draws) => 4 * deviation / Math.Sqrt(draws);

    /// <summary>
    /// A mixture's numbers by two implementations of a formula in double: rounding of 1e-16 times the condition number
    /// of covariances that are nearly singular in places, at most 1e4 here, and some hundred terms.
    /// </summary>
    public const double MixtureRound = 1e-9;

    /// <summary>
    /// Means and covariances (of order 1) of a mixture's component from n of its own samples: at most five standard
    /// errors, 1.6 / √n each, half as much again because components overlap.
    /// </summary>
    public static double RecoveredMixture(int samples) => 12 / Math.Sqrt(samples);

    /// <summary>
    /// Root mean square of some hundred errors of a fit to n samples, relative to their standard errors: 1 in theory,
    /// with 5 % random variation; from 50 samples also the degrees of freedom and the prior's weight contribute a few
    /// fiftieths.
    /// </summary>
    public static (double Least, double Most) StandardErrors(int samples) => (0.85, samples >= 200 ? 1.2 : 1.5);

    /// <summary>
    /// Gains of a linear-quadratic problem, computed in two ways in double: rounding of 1e-16 amplified by the
    /// condition number of Q_uu, at most 1e3, and by value functions up to 1e3, over 31 contracting steps.
    /// </summary>
    public const double Riccati = 1e-8;

    /// <summary>
    /// A network trained with 4,000 minibatches on 3,000 noise-free samples, evaluated on new samples, in standard
    /// deviations of the output: what Adam's steps at 1e-3 leave; predicting the mean has an error of 1.
    /// </summary>
    public const double LearnedFunction = 0.04;

    /// <summary>
    /// The loss of a regression against double, relative: float32 sums of some hundred squared terms.
    /// </summary>
    public const double RegressionLoss = 1e-4;

    /// <summary>
    /// A gradient against double, relative to its largest element, and parameters after three steps of 1e-2 with it:
    /// float32 sums of some hundred terms lose three of seven digits.
    /// </summary>
    public const double RegressionGradient = 1e-4;
}
