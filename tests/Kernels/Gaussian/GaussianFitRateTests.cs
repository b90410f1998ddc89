using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// A known system that drifts with time is recovered as fast as its samples allow: the errors of F_t, f_t and N_t, over the standard errors that
/// regression theory gives for one sample, are 1 / √n at every n.
/// </summary>
public sealed class GaussianFitRateTests
{
    private const int Learners = 6;
    private static readonly LinearGaussianSystem System = new(6, 4, 2);

    /// <summary>Which prior a fit has.</summary>
    public enum Prior
    {
        None,
        Pooled,
        Mixture,
    }

    [Test]
    public void Errors_fall_with_the_root_of_the_episodes([Values] Prior prior)
    {
        int[] episodes = [50, 200, 800, 3200];
        (double F, double Offset, double N)[] errors = [.. episodes.Select(n => Errors(n, prior))];
        for (int i = 0; i < episodes.Length; i++)
            foreach ((string of, double error) in new[] { ("F", errors[i].F), ("f", errors[i].Offset), ("N", errors[i].N) })
            {
                string what = $"√n times the error of {of} for {episodes[i]} episodes, in standard errors of one";
                (double least, double most) = Tolerances.StandardErrors(episodes[i]);
                Assert.That(error, Is.InRange(least, most), what);
            }
    }

    // root mean squares, over what they are for one sample
    private static (double F, double Offset, double N) Errors(int episodes, Prior prior)
    {
        DynamicsShape shape = System.Shape;
        (int t, int s, int inputs) = (shape.Horizon, shape.State, shape.Input);
        double[][][] data = [.. Enumerable.Range(0, Learners).Select(k => System.Draw(episodes, (ulong)(100 * episodes + k)))];
        using var device = new CpuDevice(1);
        using GaussianFit fit = Fitted(device, data, prior);
        var (f, offset, n) = (new double[t * s * inputs], new double[t * s], new double[t * s * s]);
        double ofF = 0, ofOffset = 0, ofN = 0;
        for (int k = 0; k < Learners; k++)
        {
            fit.CopyTo(k, f, offset, n);
            for (int step = 0; step < t; step++)
            {
                // the inverse of the inputs' covariance, [P 0; 0 σ² I]
                (double[] mean, double[,] p) = System.Moments(step);
                double[,] inverse = Inverse(p);
                double variance = System.ActionDeviation * System.ActionDeviation, square = 1;
                for (int i = 0; i < s; i++)
                    for (int j = 0; j < s; j++) square += mean[i] * inverse[i, j] * mean[j];
                for (int i = 0; i < s; i++)
                {
                    double noise = System.N(step, i, i);
                    for (int j = 0; j < inputs; j++)
                        ofF += Squared(f[(step * s + i) * inputs + j] - System.F(step, i, j)) / noise / (j < s ? inverse[j, j] : 1 / variance);
                    ofOffset += Squared(offset[step * s + i] - System.Offset(step, i)) / noise / square;
                    // N without the degrees of freedom that F and f take
                    for (int j = 0; j < s; j++)
                        ofN += Squared(n[(step * s + i) * s + j] * episodes / (episodes - inputs - 1) - System.N(step, i, j))
                            / (noise * System.N(step, j, j) + Squared(System.N(step, i, j)));
                }
            }
        }
        int rows = Learners * t * s;
        return (Math.Sqrt(ofF / (rows * inputs) * episodes), Math.Sqrt(ofOffset / rows * episodes), Math.Sqrt(ofN / (rows * s) * episodes));
    }

    private static GaussianFit Fitted(Device device, double[][][] data, Prior prior)
    {
        DynamicsShape shape = System.Shape;
        var fit = new GaussianFit(device, shape, data.Length, data[0].Length, new GaussianFitSettings { Ridge = 1e-10, NoiseFloor = 1e-10 });
        SampleMoments[] moments = [.. data.Select(_ => new SampleMoments(shape.Sample))];
        for (int k = 0; k < data.Length; k++)
            for (int e = 0; e < data[k].Length; e++)
            {
                fit.Store(k, e, data[k][e]);
                moments[k].Add(data[k][e]);
            }
        double[] scale = [.. moments.SelectMany(m => m.Scale())];
        fit.Fit(prior switch
        {
            Prior.Pooled => GaussianPrior.Pooled(moments, 1),
            Prior.Mixture => GaussianPrior.OfMixtures([.. data.Select((d, k) => MixturePrior.Fit(
                [.. d.Take(200).SelectMany(e => e)], moments[k].Scale(), new MixtureSettings { Components = 3 }))], data, shape.Horizon, 1, 1),
            _ => null,
        }, scale);
        return fit;
    }

    private static double Squared(double value) => value * value;

    // by Gauss and Jordan; it is positive definite
    private static double[,] Inverse(double[,] matrix)
    {
        int size = matrix.GetLength(0);
        (double[,] a, double[,] inverse) = ((double[,])matrix.Clone(), new double[size, size]);
        for (int i = 0; i < size; i++) inverse[i, i] = 1;
        for (int k = 0; k < size; k++)
        {
            double pivot = a[k, k];
            for (int j = 0; j < size; j++) (a[k, j], inverse[k, j]) = (a[k, j] / pivot, inverse[k, j] / pivot);
            for (int i = 0; i < size; i++)
            {
                double factor = i == k ? 0 : a[i, k];
                for (int j = 0; j < size; j++)
                {
                    a[i, j] -= factor * a[k, j];
                    inverse[i, j] -= factor * inverse[k, j];
                }
            }
        }
        return inverse;
    }
}
