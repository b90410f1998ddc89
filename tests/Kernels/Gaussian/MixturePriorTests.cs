using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Tests;

/// <summary>The prior of a time step, from a mixture over all time steps.</summary>
internal sealed class MixturePriorTests
{
    // two clusters in two entries with units of 100 and 0.01, far from 0, and a constant between them
    private static readonly (double Level, double Unit)[] Entries = [(1e4, 100), (0.7, 0), (-3, 0.01)];

    private static double[] Samples(int count, Func<int, double> place) =>
    [
        .. Enumerable.Range(0, count).SelectMany(n => Entries.Select((e, i) =>
            e.Level + e.Unit * (place(n) + Philox.Normal(3, RandomStream.Reset, (ulong)n, (uint)i)))),
    ];

    private static readonly double[] Recent = Samples(443, n => n % 3 == 0 ? 4 : -2);
    private static readonly SampleMoments All = SampleMoments.Of(3, Recent);
    private static readonly double[] Scale = All.Scale();

    private static (double[] Mean, double[] Covariance) Moments(MixturePrior prior, double[] samples)
    {
        double[] mean = [double.NaN, double.NaN, double.NaN], covariance = [.. mean, .. mean, .. mean];
        prior.Moments(samples, mean, covariance);
        return (mean, covariance);
    }

    // one component for any samples; after a maximisation also several, for a step without samples
    [TestCase(1, 15)]
    [TestCase(3, 0)]
    public void The_moments_of_all_samples_are_the_mixtures_own(int components, int numbers)
    {
        MixtureSettings settings = new() { Components = components, Floor = 1e-12, Shrinkage = 0 };
        (double[] mean, double[] covariance) = Moments(new MixturePrior(Recent, Scale, settings), Recent[..numbers]);
        double[] expected = All.Covariance();
        for (int i = 0; i < 3; i++)
        {
            // the scale of the constant is 0
            double[] units = [.. Entries.Select(e => Math.Max(e.Unit, 1e-3))];
            Assert.That(mean[i], Is.EqualTo(All.Mean[i]).Within(Tolerances.DoubleFit * units[i]));
            for (int j = 0; j < 3; j++)
                Assert.That(covariance[3 * i + j],
                    Is.EqualTo(expected[3 * i + j]).Within(Tolerances.DoubleFit * units[i] * units[j]));
        }
    }

    [Test]
    public void The_moments_are_those_of_the_formula_with_the_steps_responsibilities()
    {
        MixturePrior prior = new(Recent, Scale, new MixtureSettings(4));
        // between the two clusters, so that several components contribute
        double[] step = Samples(5, n => n - 2);
        (double[] mean, double[] covariance) = Moments(prior, step);

        GaussianMixture mixture = prior.Mixture!;
        Assert.That((mixture.Size, mixture.Components), Is.EqualTo((2, 4)));
        double[] centre = [All.Mean[0], All.Mean[2]], s = [Scale[0], Scale[2]];
        var w = new double[4];
        for (int n = 0; n < 5; n++)
        {
            double[] p = MixtureOracle.Densities(mixture,
                [(step[3 * n] - centre[0]) * s[0], (step[3 * n + 2] - centre[1]) * s[1]]);
            for (int k = 0; k < 4; k++) w[k] += p[k] / p.Sum() / 5;
        }
        Assert.That(w.Count(v => v > 0.02), Is.GreaterThan(1), "several components should count");
        double[] mu = [.. Enumerable.Range(0, 2)
            .Select(i => Enumerable.Range(0, 4).Sum(k => w[k] * mixture.Means[2 * k + i]))];
        int[] places = [0, 2];
        for (int i = 0; i < 2; i++)
        {
            Assert.That((mean[places[i]] - centre[i]) * s[i], Is.EqualTo(mu[i]).Within(Tolerances.MixtureRound));
            for (int j = 0; j < 2; j++)
            {
                double expected = Enumerable.Range(0, 4).Sum(k => w[k] * (mixture.Covariances[4 * k + 2 * i + j]
                    + (mixture.Means[2 * k + i] - mu[i]) * (mixture.Means[2 * k + j] - mu[j])));
                Assert.That(covariance[3 * places[i] + places[j]] * s[i] * s[j],
                    Is.EqualTo(expected).Within(Tolerances.MixtureRound));
            }
        }
    }

    [Test]
    public void Constants_are_copied_with_no_variance()
    {
        MixturePrior prior = new(Recent, Scale, new MixtureSettings(3));
        (double[] mean, double[] covariance) = Moments(prior, Recent[..9]);
        Assert.That(mean[1], Is.EqualTo(0.7));
        for (int i = 0; i < 3; i++) Assert.That((covariance[3 + i], covariance[3 * i + 1]), Is.EqualTo((0.0, 0.0)));
        MixturePrior nothing = new([0.7, 0.1, 3, 0.7, 0.1, 3, 0.7, 0.1, 3], new double[3], new MixtureSettings(2));
        (mean, covariance) = Moments(nothing, []);
        Assert.That((nothing.Mixture, mean, covariance),
            Is.EqualTo(((GaussianMixture?)null, new[] { 0.7, 0.1, 3 }, new double[9])));
    }

    [Test]
    public void Units_change_nothing_but_the_units()
    {
        double[] other = [.. Recent.Select((z, i) => i % 3 == 0 ? z / 128 : z)];
        MixtureSettings settings = new() { Components = 3 };
        (double[] mean, double[] covariance) = Moments(new MixturePrior(Recent, Scale, settings), Recent[30..45]);
        MixturePrior inOther = new(other, [Scale[0] * 128, .. Scale[1..]], settings);
        (double[] otherMean, double[] otherCovariance) = Moments(inOther, other[30..45]);
        Assert.That(otherMean[0] * 128, Is.EqualTo(mean[0]).Within(1e-7));
        Assert.That(otherCovariance[0] * 128 * 128, Is.EqualTo(covariance[0]).Within(1e-7));
        Assert.That(otherCovariance[2] * 128, Is.EqualTo(covariance[2]).Within(1e-7));
    }

    [Test]
    public void A_fits_prior_has_the_moments_of_every_step_of_every_learner()
    {
        MixturePrior[] mixtures = [.. new ulong[] { 1, 2 }.Select(seed =>
            new MixturePrior(Recent, Scale, new MixtureSettings { Components = 2 + (int)seed, Seed = seed }))];
        // the second learner's episodes have 1 and 2 steps, so the third step has no samples
        double[][][] episodes = [[Recent[..9], Recent[9..18]], [Recent[18..21], Recent[21..27]]];
        GaussianPrior prior = GaussianPrior.OfMixtures(mixtures, episodes, 3, 2);
        Assert.That(prior.Strength, Is.EqualTo(2));
        double[][][] steps =
        [
            [[.. Recent[..3], .. Recent[9..12]], [.. Recent[3..6], .. Recent[12..15]],
                [.. Recent[6..9], .. Recent[15..18]]],
            [[.. Recent[18..21], .. Recent[21..24]], Recent[24..27], []],
        ];
        for (int k = 0; k < 2; k++)
            for (int t = 0; t < 3; t++)
            {
                (double[] mean, double[] covariance) = Moments(mixtures[k], steps[k][t]);
                Assert.That(prior.Mean.AsSpan((3 * k + t) * 3, 3).ToArray(), Is.EqualTo(mean));
                Assert.That(prior.Scatter.AsSpan((3 * k + t) * 9, 9).ToArray(),
                    Is.EqualTo(covariance.Select(c => 2 * c)));
            }
    }

    [Test]
    public void A_sample_that_is_not_finite_is_refused() => Assert.That(
        () => new MixturePrior([.. Recent[..7], double.NaN, 0], Scale, new MixtureSettings()),
        Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("entry 1 of sample 2"));
}
