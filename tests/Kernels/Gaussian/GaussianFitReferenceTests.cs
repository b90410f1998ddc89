using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The reference of the fit against systems that are known and formulas that are written out.</summary>
public sealed class GaussianFitReferenceTests
{
    private static readonly GaussianFitSettings Slight = new() { Ridge = 1e-14, NoiseFloor = 1e-14 };

    /// <summary>F, f and N of s′ = F [s; u] + f + chol(N) ε, with standard normal s and u.</summary>
    private static (double[,] F, double[] Offset, double[,] N, double[][][] Episodes) Known(int episodes)
    {
        double[,] f = { { 0.9, 0.2, 0.5 }, { -0.3, 1.1, 0.0 } }, c = { { 0.3, 0 }, { -0.2, 0.1 } };
        double[] offset = [0.4, -2];
        var n = new double[2, 2];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) n[i, j] = c[i, 0] * c[j, 0] + c[i, 1] * c[j, 1];
        double[][][] data = [.. Enumerable.Range(0, episodes).Select(e =>
        {
            double[] z = [.. Enumerable.Range(0, 5).Select(i => Philox.Normal(1, RandomStream.Reset, (ulong)e, (uint)i))], next = new double[2];
            for (int i = 0; i < 2; i++)
                next[i] = f[i, 0] * z[0] + f[i, 1] * z[1] + f[i, 2] * z[2] + offset[i] + c[i, 0] * z[3] + c[i, 1] * z[4];
            return new[] { new[] { z[0], z[1], z[2], next[0], next[1] } };
        })];
        return (f, offset, n, data);
    }

    [TestCase(100)]
    [TestCase(10_000)]
    public void A_known_system_is_recovered_at_the_rate_of_its_samples(int samples)
    {
        (double[,] f, double[] offset, double[,] n, double[][][] episodes) = Known(samples);
        GaussianFitReference<double>.Step step = new GaussianFitReference<double>(new DynamicsShape(1, 2, 1), Slight).Fit(episodes)[0];
        double tolerance = Tolerances.SampledFit(samples);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(step.Offset[i], Is.EqualTo(offset[i]).Within(tolerance), $"f[{i}]");
            for (int j = 0; j < 3; j++) Assert.That(step.F[i, j], Is.EqualTo(f[i, j]).Within(tolerance), $"F[{i}, {j}]");
            for (int j = 0; j < 2; j++) Assert.That(step.N[i, j], Is.EqualTo(n[i, j]).Within(tolerance), $"N[{i}, {j}]");
        }
    }

    [Test]
    public void The_scale_changes_nothing_but_the_units_of_the_ridge()
    {
        (_, _, _, double[][][] episodes) = Known(50);
        var shape = new DynamicsShape(1, 2, 1);
        double[] scale = [3, 0.1, 20, 7, 0.5];
        GaussianFitReference<double>.Step plain = new GaussianFitReference<double>(shape, Slight).Fit(episodes)[0];
        GaussianFitReference<double>.Step scaled = new GaussianFitReference<double>(shape, Slight).Fit(episodes, scale: scale)[0];
        Assert.That(scaled.F, Is.EqualTo(plain.F).Within(Tolerances.DoubleFit));
        Assert.That(scaled.Offset, Is.EqualTo(plain.Offset).Within(Tolerances.DoubleFit));
        Assert.That(scaled.N, Is.EqualTo(plain.N).Within(Tolerances.DoubleFit));
    }

    [Test]
    public void The_posterior_and_its_conditional_are_those_by_hand()
    {
        // z = (s, u, s′); three samples, μ₀, Φ, m and n₀ such that Σ comes out in small numbers
        double[][] samples = [[1, 0, 2], [2, 1, 5], [3, 2, 5]];
        double[] mu = [1, 1, 2];
        double[,] phi = { { 5, 0, 0 }, { 1, 6, 0 }, { 2, 1, 10 } };
        (double m, double n0, double ridge, double floor) = (3, 4, 0.5, 0.25);
        GaussianFitReference<double>.Step step = new GaussianFitReference<double>(
            new DynamicsShape(1, 1, 1), new GaussianFitSettings { Ridge = ridge, NoiseFloor = floor }).Fit(samples, (mu, phi), m, n0, null);

        // z̄ = (2, 1, 4); n S = Σ (z − z̄)(z − z̄)ᵀ; n m / (n + m) = 1.5 and z̄ − μ₀ = (1, 0, 2)
        double ss = (2 + 5 + 1.5) / 7, us = (2 + 1 + 0) / 7.0, uu = (2 + 6 + 0) / 7.0;
        double ps = (3 + 2 + 3) / 7.0, pu = (3 + 1 + 0) / 7.0, pp = (6 + 10 + 6) / 7.0;
        // (Σ_ii + R)⁻¹ by Cramer's rule
        double a = ss + ridge, b = uu + ridge, determinant = a * b - us * us;
        double fs = (b * ps - us * pu) / determinant, fu = (a * pu - us * ps) / determinant;
        double n = pp - (fs * fs * ss + 2 * fs * fu * us + fu * fu * uu) + floor;
        Assert.That(new[] { step.F[0, 0], step.F[0, 1], step.Offset[0], step.N[0, 0], step.Factor[0, 0] },
            Is.EqualTo(new[] { fs, fu, 4 - 2 * fs - fu, n, Math.Sqrt(n) }).Within(Tolerances.ByHand));
    }

    [Test]
    public void N_exceeds_what_the_regression_leaves_over_and_has_a_factor_even_from_one_sample()
    {
        // 2 samples of 5 entries: Σ has rank 1
        (_, _, _, double[][][] episodes) = Known(2);
        var settings = new GaussianFitSettings { Ridge = 0.1, NoiseFloor = 1e-6 };
        var reference = new GaussianFitReference<double>(new DynamicsShape(1, 2, 1), settings);
        foreach (double[][][] some in new[] { episodes, episodes[..1] })
        {
            GaussianFitReference<double>.Step step = reference.Fit(some)[0];
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++)
                {
                    double product = step.Factor[i, 0] * step.Factor[j, 0] + step.Factor[i, 1] * step.Factor[j, 1];
                    Assert.That(product, Is.EqualTo(step.N[i, j]).Within(Tolerances.ByHand));
                }
            Assert.That(Math.Min(step.N[0, 0], step.N[1, 1]), Is.GreaterThanOrEqualTo(1e-6));
        }
    }
}
