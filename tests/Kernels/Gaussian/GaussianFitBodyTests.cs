using Naf.Checks.Oracles;
using Naf.Kernels.Gaussian;

namespace Naf.Tests;

/// <summary>The body of the fit, the oracle of every other version, against written-out formulas.</summary>
internal sealed class GaussianFitBodyTests
{
    [Test]
    public void The_posterior_and_its_conditional_are_those_by_hand()
    {
        // z = (s, u, s′); three samples; μ₀, Φ and n₀ chosen such that Σ has small numbers
        double[][][] episodes = [[[1, 0, 2]], [[2, 1, 5]], [[3, 2, 5]]];
        var prior = new GaussianPrior([1, 1, 2], [5, 1, 2, 1, 6, 1, 2, 1, 10], Strength: 3);
        (double ridge, double floor) = (0.5, 0.25);
        FitOracle fit = FitOracle.Fit(new FitData(new DynamicsShape(1, 1, 1), [episodes], prior, []),
            new GaussianFitSettings { Ridge = ridge, NoiseFloor = floor });

        // z̄ = (2, 1, 4); n S = Σ (z − z̄)(z − z̄)ᵀ; n n₀ / (n + n₀) = 1.5 and z̄ − μ₀ = (1, 0, 2)
        double ss = (2 + 5 + 1.5) / 6, us = (2 + 1 + 0) / 6.0, uu = (2 + 6 + 0) / 6.0;
        double ps = (3 + 2 + 3) / 6.0, pu = (3 + 1 + 0) / 6.0, pp = (6 + 10 + 6) / 6.0;
        // (Σ_ii + R)⁻¹ by Cramer's rule
        double a = ss + ridge, b = uu + ridge, determinant = a * b - us * us;
        double fs = (b * ps - us * pu) / determinant, fu = (a * pu - us * ps) / determinant;
        double n = pp - (fs * fs * ss + 2 * fs * fu * us + fu * fu * uu) + floor;
        Assert.That((double[])[.. fit.F, .. fit.Offset, .. fit.N],
            Is.EqualTo(new[] { fs, fu, 4 - 2 * fs - fu, n }).Within(Tolerances.ByHand));
        Assert.That(fit.Packed[3 * 16], Is.EqualTo((float)Math.Sqrt(n)));
    }

    [Test]
    public void It_agrees_with_the_formulas_in_whole_matrices(
        [Values(1, 7)] int state, [Values(1, 4)] int action, [Values(0, 1, 31)] int priorSteps, [Values] bool scaled,
        [Values] bool ragged)
    {
        var settings = new GaussianFitSettings { Ridge = 1e-3, NoiseFloor = 1e-4 };
        FitData data = FitData.Draw(new DynamicsShape(31, state, action),
            new FitOptions { Learners = 1, PriorSteps = priorSteps, Scaled = scaled, Ragged = ragged });
        FitOracle fit = FitOracle.Fit(data, settings);
        Assert.That(fit.Finite, Is.True);
        double[] f = [], offset = [], n = [];
        for (int t = 0; t < 31; t++)
        {
            PlainGaussianFit step = PlainGaussianFit.Fit(data, t, settings);
            (f, offset, n) = ([.. f, .. step.F.Cast<double>()], [.. offset, .. step.Offset],
                [.. n, .. step.N.Cast<double>()]);
        }
        // entries have magnitudes from 0.01 to 100
        Assert.That(fit.F, Is.EqualTo(f).Within(1e-8));
        Assert.That(fit.Offset, Is.EqualTo(offset).Within(1e-7));
        Assert.That(fit.N, Is.EqualTo(n).Within(1e-8));
    }

    [Test]
    public void The_packed_model_is_the_columns_of_F_f_and_of_the_factor_of_N([Values(1, 20)] int state)
    {
        var shape = new DynamicsShape(3, state, 2);
        (int inputs, int row) = (shape.Input, shape.PackedRow);
        // five samples with more entries: N equals the floor in most directions
        FitOracle fit = FitOracle.Fit(FitData.Draw(shape, new FitOptions { Learners = 1, Scaled = false }),
            new GaussianFitSettings { Ridge = 0.1, NoiseFloor = 1e-4 });
        for (int t = 0; t < 3; t++)
            for (int i = 0; i < state; i++)
            {
                float[] step = fit.Packed[(t * shape.PackedStep)..((t + 1) * shape.PackedStep)];
                for (int j = 0; j < inputs; j++)
                    Assert.That(step[j * row + i], Is.EqualTo((float)fit.F[(t * state + i) * inputs + j]));
                Assert.That(step[inputs * row + i], Is.EqualTo((float)fit.Offset[t * state + i]));
                for (int j = 0; j <= i; j++)
                {
                    double product = 0, size = Math.Sqrt(N(t, i, i) * N(t, j, j));
                    for (int k = 0; k <= j; k++)
                        product += (double)step[(inputs + 1 + k) * row + i] * step[(inputs + 1 + k) * row + j];
                    Assert.That(product, Is.EqualTo(N(t, i, j)).Within(1e-6 * size), $"N[{i}, {j}] of step {t}");
                }
                Assert.That(N(t, i, i), Is.GreaterThanOrEqualTo(1e-4));
            }

        double N(int t, int i, int j) => fit.N[(t * state + i) * state + j];
    }
}
