using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A fit of some learners gives them what a fit of all gives, and touches no other.</summary>
internal static class SomeLearners
{
    public static void Check(Device device, GaussianFitSettings settings, DynamicsShape shape, int priorSteps)
    {
        FitData data = FitData.Draw(shape, new FitOptions { Learners = 3, PriorSteps = priorSteps, Ragged = true });
        using var fit = new GaussianFit(device, shape, 3, 5, settings);
        Assert.That(fit.IsFinite(0), Is.False, "no model yet");
        data.Store(fit);
        fit.Poison();
        fit.Fit(data.Prior, data.Scale);
        float[][] all = Packed(fit);
        Assert.That(all.SelectMany(p => p), Is.All.Not.NaN);
        fit.Poison();
        // in another order
        (FitData last, FitData first) = (data.Only(2), data.Only(0));
        GaussianPrior? prior = priorSteps == 0 ? null : last.Prior! with
        {
            Mean = [.. last.Prior.Mean, .. first.Prior!.Mean], Scatter = [.. last.Prior.Scatter, .. first.Prior.Scatter],
        };
        fit.Fit(prior, [.. last.Scale, .. first.Scale], [2, 0]);
        float[][] some = Packed(fit);
        Assert.That((some[0], some[2]), Is.EqualTo((all[0], all[2])));
        Assert.That(some[1], Has.Some.NaN);
        Assert.That(Enumerable.Range(0, 3).Select(fit.IsFinite), Is.All.True);
    }

    private static float[][] Packed(GaussianFit fit) => [.. Enumerable.Range(0, fit.Learners).Select(fit.CopyPacked)];
}

/// <summary>Models that are made to pass through their only episode do so to float32's last digit, and differ from others in f alone.</summary>
internal static class PassingThrough
{
    private static readonly DynamicsShape Shape = new(31, 7, 2);

    public static void Check(Device device, GaussianFitSettings settings)
    {
        // it ends before the horizon
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 2, Episodes = 1 });
        data = data with { Episodes = [[data.Episodes[0][0][..20]], data.Episodes[1]] };
        using var fit = new GaussianFit(device, Shape, 2, 1, settings);
        data.Store(fit);
        fit.Fit(data.Prior, data.Scale);
        float[][] before = [fit.CopyPacked(0), fit.CopyPacked(1)];
        fit.Poison();
        fit.Fit(data.Prior, data.Scale, through: true);
        FitCheck.Errors errors = FitCheck.Compare(fit, data, through: true);
        Assert.That(errors.Agree, Is.True, $"{errors}");
        (int inputs, int row) = (Shape.Input, Shape.PackedRow);
        for (int k = 0; k < 2; k++)
        {
            float[] packed = fit.CopyPacked(k);
            double[][] episode = data.Episodes[k][0];
            for (int i = 0; i < packed.Length; i++)
            {
                (int t, int column, int entry) = (i / Shape.PackedStep, i % Shape.PackedStep / row, i % row);
                if (column != inputs || entry >= Shape.State || t >= episode.Length)
                {
                    Assert.That(packed[i], Is.EqualTo(before[k][i]));
                    continue;
                }
                double[] z = episode[t];
                double next = packed[i], size = Math.Abs(packed[i]) + Math.Abs(z[inputs + entry]);
                for (int j = 0; j < inputs; j++) next += packed[t * Shape.PackedStep + j * row + entry] * z[j];
                // f is rounded to float32; where sums are too, so are they
                Assert.That(next, Is.EqualTo(z[inputs + entry]).Within((fit.IsDouble ? 1e-7 : 1e-6) * size));
            }
        }
    }
}
