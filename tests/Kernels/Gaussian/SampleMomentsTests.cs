using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Moments that are taken one sample after the other.</summary>
public sealed class SampleMomentsTests
{
    [Test]
    public void They_are_the_moments_by_their_definition()
    {
        // far from 0, where a sum of squares less the square of the sum would lose its digits
        double[][] samples = [.. Enumerable.Range(0, 31).Select(t => (double[])[1e6 + Math.Sin(t), -3 + Math.Cos(2 * t), 7, Math.Sin(5 * t)])];
        var moments = new SampleMoments(4);
        moments.Add(samples[..10].SelectMany(z => z).ToArray());
        moments.Add(samples[10..].SelectMany(z => z).ToArray());
        double[] covariance = moments.Covariance();
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
            {
                (double a, double b) = (samples.Average(z => z[i]), samples.Average(z => z[j]));
                Assert.That(covariance[4 * i + j], Is.EqualTo(samples.Average(z => (z[i] - a) * (z[j] - b))).Within(1e-9), $"({i}, {j})");
            }
        Assert.That(moments.Mean.ToArray(), Is.EqualTo(Enumerable.Range(0, 4).Select(i => samples.Average(z => z[i]))).Within(1e-9));
        Assert.That(moments.Count, Is.EqualTo(31));
    }

    [Test]
    public void The_scale_is_one_over_the_deviation_and_zero_for_a_constant()
    {
        var moments = new SampleMoments(3);
        // a constant that binary fractions do not hold
        moments.Add([1, 0.7, 0.1, 5, 0.7, 0.1, 3, 0.7, 0.1]);
        Assert.That(moments.Scale(), Is.EqualTo(new[] { 1 / Math.Sqrt(8.0 / 3), 0, 0 }).Within(1e-15));
    }

    [Test]
    public void A_pooled_prior_is_their_mean_and_its_strength_times_their_covariance()
    {
        var (first, second) = (new SampleMoments(2), new SampleMoments(2));
        first.Add([1, 1, 3, 5]);
        second.Add([0, 0, 2, 0]);
        GaussianPrior prior = GaussianPrior.Pooled([first, second], 20);
        Assert.That(prior.Mean, Is.EqualTo(new double[] { 2, 3, 1, 0 }));
        Assert.That(prior.Scatter, Is.EqualTo(new double[] { 20, 40, 40, 80, 20, 0, 0, 0 }));
        Assert.That((prior.MeanStrength, prior.Strength), Is.EqualTo((20.0, 20.0)));
        Assert.That(() => GaussianPrior.Pooled([first], 0), Throws.ArgumentException.With.Message.Contains("prior_strength = 0"));
    }
}
