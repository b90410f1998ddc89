using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;

namespace Naf.Tests;

/// <summary>Fits to episodes of a known, drifting system: errors of models and predictions.</summary>
internal sealed class KnownSystemTests
{
    /// <summary>The prior of a fit.</summary>
    public enum Prior { None, Pooled, Mixture }

    // relative to the standard errors that regression theory gives for one sample, errors are 1 / √n at every n
    [Test]
    public void Errors_fall_with_the_root_of_the_episodes(
        [Values] Prior prior, [Values(50, 200, 800, 3200)] int episodes)
    {
        (double f, double offset, double n) = Errors(new LinearGaussianSystem(6, 4, 2), episodes, prior);
        (double least, double most) = Tolerances.StandardErrors(episodes);
        foreach ((string of, double error) in new[] { ("F", f), ("f", offset), ("N", n) })
            Assert.That(error, Is.InRange(least, most), $"√n times the error of {of}, in standard errors of one");
    }

    // five episodes, fewer than a time step's inputs require (paper, section 5), of a slowly drifting system
    [Test]
    public void A_prior_predicts_far_better_than_none_from_few_episodes([Range(1, 5)] int seed)
    {
        var slow = new LinearGaussianSystem(40, 8, 2) { Drift = 0.5, Noise = 0.02 };
        double[][] data = slow.Draw(5, (ulong)seed), unseen = slow.Draw(30, (ulong)seed + 1000);
        using var device = new CpuDevice(1);
        double[] errors = [.. Enum.GetValues<Prior>().Select(prior =>
        {
            using GaussianFit fit = Fitted(device, slow, [data], prior, strength: 20, new GaussianFitSettings());
            return PredictionError(slow, fit, unseen);
        })];
        (double none, double pooled, double mixture) = (errors[0], errors[1], errors[2]);
        string what = $"errors over the noise: no prior {none:F2}, one Gaussian {pooled:F2}, a mixture {mixture:F2}";
        Assert.That(none, Is.GreaterThan(5), $"five episodes should be too few for ten inputs; {what}");
        Assert.That(pooled, Is.LessThan(none / 2), what);
        Assert.That(mixture, Is.LessThan(none / 3), what);
    }

    // root mean square over episodes of the predicted s′ minus its true mean, relative to the standard deviation of its
    // noise
    private static double PredictionError(LinearGaussianSystem system, GaussianFit fit, double[][] episodes)
    {
        (int t, int s, int inputs, int size) = (system.Horizon, system.State, system.Shape.Input, system.Shape.Sample);
        (double[] f, double[] offset, _) = fit.Model(0);
        double sum = 0;
        foreach (double[] episode in episodes)
            for (int step = 0; step < t; step++)
                for (int i = 0; i < s; i++)
                {
                    double error = offset[step * s + i] - system.Offset(step, i);
                    for (int j = 0; j < inputs; j++)
                        error += (f[(step * s + i) * inputs + j] - system.F(step, i, j)) * episode[step * size + j];
                    sum += error * error / system.N(step, i, i);
                }
        return Math.Sqrt(sum / (episodes.Length * t * s));
    }

    // root mean squares, relative to their values for one sample
    private static (double F, double Offset, double N) Errors(LinearGaussianSystem system, int episodes, Prior prior)
    {
        const int learners = 6;
        (int t, int s, int inputs) = (system.Horizon, system.State, system.Shape.Input);
        int[] seeds = [.. Enumerable.Range(100 * episodes, learners)];
        double[][][] data = [.. seeds.Select(seed => system.Draw(episodes, (ulong)seed))];
        using var device = new CpuDevice(1);
        using GaussianFit fit = Fitted(device, system, data, prior, strength: 1, new GaussianFitSettings(1e-10, 1e-10));
        double ofF = 0, ofOffset = 0, ofN = 0;
        for (int k = 0; k < learners; k++)
        {
            (double[] f, double[] offset, double[] n) = fit.Model(k);
            for (int step = 0; step < t; step++)
            {
                // the inverse of the inputs' covariance, [P 0; 0 σ² I]
                (double[] mean, double[,] p) = system.Moments(step);
                double[,] inverse = SmallMatrices.Inverse(p).Inverse;
                double variance = system.ActionDeviation * system.ActionDeviation, square = 1;
                for (int i = 0; i < s; i++)
                    for (int j = 0; j < s; j++) square += mean[i] * inverse[i, j] * mean[j];
                for (int i = 0; i < s; i++)
                {
                    double noise = system.N(step, i, i), unit = episodes / (double)(episodes - inputs - 1);
                    for (int j = 0; j < inputs; j++)
                        ofF += Squared(f[(step * s + i) * inputs + j] - system.F(step, i, j)) / noise
                            / (j < s ? inverse[j, j] : 1 / variance);
                    ofOffset += Squared(offset[step * s + i] - system.Offset(step, i)) / noise / square;
                    // N without the degrees of freedom used by F and f
                    for (int j = 0; j < s; j++)
                        ofN += Squared(n[(step * s + i) * s + j] * unit - system.N(step, i, j))
                            / (noise * system.N(step, j, j) + Squared(system.N(step, i, j)));
                }
            }
        }
        double rows = learners * t * s / (double)episodes;
        return (Math.Sqrt(ofF / (rows * inputs)), Math.Sqrt(ofOffset / rows), Math.Sqrt(ofN / (rows * s)));

        static double Squared(double value) => value * value;
    }

    // strength: of the pooled prior
    private static GaussianFit Fitted(
        Device device, LinearGaussianSystem system, double[][][] data, Prior prior, double strength,
        GaussianFitSettings settings)
    {
        DynamicsShape shape = system.Shape;
        var fit = new GaussianFit(device, shape, data.Length, data[0].Length, settings);
        for (int k = 0; k < data.Length; k++)
            for (int e = 0; e < data[k].Length; e++) fit.Store(k, e, data[k][e]);
        SampleMoments[] moments = [.. data.Select(d => SampleMoments.Of(shape.Sample, [.. d.SelectMany(e => e)]))];
        fit.Fit(prior switch
        {
            Prior.Pooled => GaussianPrior.Pooled(moments, strength),
            Prior.Mixture => GaussianPrior.OfMixtures([.. data.Zip(moments, Mixture)], data, shape.Horizon, 1),
            _ => null,
        }, [.. moments.SelectMany(m => m.Scale())]);
        return fit;

        static MixturePrior Mixture(double[][] episodes, SampleMoments moments) =>
            new([.. episodes.Take(200).SelectMany(e => e)], moments.Scale(), new MixtureSettings(Components: 4));
    }
}
