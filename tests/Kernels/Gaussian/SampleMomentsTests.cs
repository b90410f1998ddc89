using Naf.Gpu.Cpu;
using Naf.Kernels.Gaussian;

namespace Naf.Tests;

/// <summary>Moments accumulated sample by sample.</summary>
internal sealed class SampleMomentsTests
{
    [Test]
    public void They_are_the_moments_by_their_definition()
    {
        // far from 0, where the sum of squares minus the squared sum would lose its digits
        double[][] samples = [.. Enumerable.Range(0, 31)
            .Select(t => (double[])[1e6 + Math.Sin(t), -3 + Math.Cos(2 * t), 7, Math.Sin(5 * t)])];
        var moments = new SampleMoments(4);
        moments.Add(samples[..10].SelectMany(z => z).ToArray());
        moments.Add(samples[10..].SelectMany(z => z).ToArray());
        double[] covariance = moments.Covariance();
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
            {
                (double a, double b) = (samples.Average(z => z[i]), samples.Average(z => z[j]));
                double expected = samples.Average(z => (z[i] - a) * (z[j] - b));
                Assert.That(covariance[4 * i + j], Is.EqualTo(expected).Within(Tolerances.MomentsFarFromZero),
                    $"({i}, {j})");
            }
        IEnumerable<double> mean = Enumerable.Range(0, 4).Select(i => samples.Average(z => z[i]));
        Assert.That(moments.Mean.ToArray(), Is.EqualTo(mean).Within(Tolerances.MomentsFarFromZero));
        Assert.That(moments.Count, Is.EqualTo(31));
    }

    [Test]
    public void The_scale_is_one_over_the_deviation_and_zero_for_a_constant()
    {
        // a constant without an exact binary representation
        double[] scale = SampleMoments.Of(3, [1, 0.7, 0.1, 5, 0.7, 0.1, 3, 0.7, 0.1]).Scale();
        Assert.That(scale[0], Is.EqualTo(1 / Math.Sqrt(8.0 / 3)).Within(Tolerances.ByHand));
        Assert.That(scale[1..], Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(new SampleMoments(3).Scale(), Is.EqualTo(new double[] { 0, 0, 0 }), "before the first sample");
    }

    [Test]
    public void The_scale_is_finite_however_small_the_changes()
    {
        // squares that vanish; squares whose mean vanishes; squares with few digits; squares with all digits
        double[] samples = [0, 0, 0, 0, 1e-200, 3.2e-162, 1e-160, 1e-150];
        SampleMoments moments = SampleMoments.Of(4, samples);
        double[] scale = moments.Scale();
        Assert.That(scale[..2], Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(scale[2], Is.GreaterThan(1e160).And.LessThan(3e160));
        Assert.That(scale[3] * 1e-150, Is.EqualTo(2).Within(Tolerances.ByHand));
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, new DynamicsShape(2, 1, 2), 1, 1, new GaussianFitSettings());
        fit.Store(0, 0, samples);
        fit.Fit(GaussianPrior.Pooled([moments], 1), scale);
        Assert.That(fit.IsFinite(0), Is.True);
    }

    [Test]
    public void A_pooled_prior_is_their_mean_and_its_strength_times_their_covariance()
    {
        SampleMoments[] moments = [SampleMoments.Of(2, [1, 1, 3, 5]), SampleMoments.Of(2, [0, 0, 2, 0])];
        GaussianPrior prior = GaussianPrior.Pooled(moments, 20);
        Assert.That(prior.Mean, Is.EqualTo(new double[] { 2, 3, 1, 0 }));
        Assert.That(prior.Scatter, Is.EqualTo(new double[] { 20, 40, 40, 80, 20, 0, 0, 0 }));
        Assert.That(prior.Strength, Is.EqualTo(20));
    }
}
