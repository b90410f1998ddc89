using Naf.Gpu.Cpu;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Five episodes, fewer than a time step's inputs need (paper, section 5): what a prior does for the model's one-step predictions.</summary>
public sealed class FewEpisodesTests
{
    private const int Episodes = 5;

    // a system that changes slowly, as a plant along a trajectory does
    private static readonly LinearGaussianSystem Slow = new(40, 8, 2) { Drift = 0.5, Noise = 0.02 };

    [Test]
    public void A_prior_predicts_far_better_than_none([Range(1, 5)] int seed)
    {
        double[] errors = Errors(Slow, (ulong)seed);
        (double none, double pooled, double mixture) = (errors[0], errors[1], errors[2]);
        string what = $"errors over the noise: no prior {none:F2}, one Gaussian {pooled:F2}, a mixture {mixture:F2}";
        Assert.That(none, Is.GreaterThan(5), $"five episodes should be too few for ten inputs; {what}");
        Assert.That(pooled, Is.LessThan(none / 2), what);
        Assert.That(mixture, Is.LessThan(none / 3), what);
    }

    // without a prior, with one Gaussian, with a mixture
    private static double[] Errors(LinearGaussianSystem system, ulong seed)
    {
        double[][] data = system.Draw(Episodes, seed);
        DynamicsShape shape = system.Shape;
        var moments = new SampleMoments(shape.Sample);
        foreach (double[] episode in data) moments.Add(episode);
        double[] samples = [.. data.SelectMany(e => e)], scale = moments.Scale();
        var mixture = MixturePrior.Fit(samples, scale,
            new MixtureSettings { Components = GaussianMixture.DefaultComponents(samples.Length / shape.Sample), Seed = seed });
        GaussianPrior?[] priors = [null, GaussianPrior.Pooled([moments], 20), GaussianPrior.OfMixtures([mixture], [data], shape.Horizon, 1, 1)];
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, shape, 1, Episodes, new GaussianFitSettings());
        for (int e = 0; e < Episodes; e++) fit.Store(0, e, data[e]);
        return [.. priors.Select(prior =>
        {
            fit.Fit(prior, scale);
            return Error(system, fit, system.Draw(30, seed + 1000));
        })];
    }

    // root mean square over new episodes of the predicted s′ less its true mean, over the deviation of its noise
    private static double Error(LinearGaussianSystem system, GaussianFit fit, double[][] episodes)
    {
        (int t, int s, int inputs, int size) = (system.Horizon, system.State, system.Shape.Input, system.Shape.Sample);
        var (f, offset, n) = (new double[t * s * inputs], new double[t * s], new double[t * s * s]);
        fit.CopyTo(0, f, offset, n);
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
}
