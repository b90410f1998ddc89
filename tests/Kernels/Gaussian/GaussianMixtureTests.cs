using Naf.Gpu.Cpu;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Tests;

/// <summary>Mixtures of Gaussians: against their formulas, on known mixtures, and on degenerate samples.</summary>
internal sealed class GaussianMixtureTests
{
    // three overlapping components of three entries
    private static readonly double[] Weights = [0.5, 0.3, 0.2];
    private static readonly double[][] Means = [[0, 0, 0], [2.5, -1, 1], [-1, 3, 0.5]];
    private static readonly double[][,] Factors =
    [
        new double[,] { { 1, 0, 0 }, { 0.5, 0.8, 0 }, { 0, -0.3, 0.6 } },
        new double[,] { { 0.5, 0, 0 }, { -0.4, 0.7, 0 }, { 0.3, 0.3, 1 } },
        new double[,] { { 0.7, 0, 0 }, { 0, 0.6, 0 }, { 0.6, 0, 0.3 } },
    ];

    private static double[] Known(int count)
    {
        return [.. Enumerable.Range(0, count).SelectMany(n => Sample((ulong)n))];

        static IEnumerable<double> Sample(ulong n)
        {
            double u = Philox.Uniform(1, RandomStream.Reset, n);
            double[] normals = [.. new uint[] { 0, 1, 2 }.Select(j => Philox.Normal(1, RandomStream.TestReset, n, j))];
            int k = u < Weights[0] ? 0 : u < Weights[0] + Weights[1] ? 1 : 2;
            return Means[k].Select((mean, i) => mean + normals.Select((z, j) => Factors[k][i, j] * z).Sum());
        }
    }

    private static double[] Normals(int count, int size, ulong seed = 2) =>
        [.. Enumerable.Range(0, count * size).Select(i => Philox.Normal(seed, RandomStream.Reset, (ulong)i))];

    private static double[] Responsibilities(
        GaussianMixture mixture, ReadOnlySpan<double> sample, out double logDensity)
    {
        double[] r = [.. Enumerable.Repeat(double.NaN, mixture.Components)];
        logDensity = mixture.Responsibilities(sample, r);
        return r;
    }

    [Test]
    public void A_known_mixture_is_recovered()
    {
        const int count = 20_000;
        GaussianMixture mixture = new(
            Known(count), 3,
            new MixtureSettings
            {
                Components = 3, Iterations = 1000, Tolerance = 1e-7, Floor = 1e-9, Shrinkage = 0,
            });
        // per component at most 5 standard errors of an entry with variance 1.2 from a fifth of the samples, all of
        // which overlap
        double tolerance = Tolerances.RecoveredMixture(count / 5);
        for (int k = 0; k < 3; k++)
        {
            int found = Enumerable.Range(0, 3)
                .MinBy(f => Enumerable.Range(0, 3).Sum(i => Math.Pow(mixture.Means[f * 3 + i] - Means[k][i], 2)));
            Assert.That(mixture.Weights[found], Is.EqualTo(Weights[k]).Within(tolerance));
            for (int i = 0; i < 3; i++)
            {
                Assert.That(mixture.Means[found * 3 + i], Is.EqualTo(Means[k][i]).Within(tolerance),
                    $"mean of {k}, entry {i}");
                for (int j = 0; j < 3; j++)
                {
                    double covariance = Enumerable.Range(0, 3).Sum(l => Factors[k][i, l] * Factors[k][j, l]);
                    Assert.That(mixture.Covariances[(found * 3 + i) * 3 + j], Is.EqualTo(covariance).Within(tolerance),
                        $"Σ of {k}, ({i}, {j})");
                }
            }
        }
    }

    [Test]
    public void A_round_is_that_of_the_formulas([Values(0, 0.1, 20)] double shrinkage)
    {
        double[] samples = Known(443);
        MixtureSettings settings = new()
        {
            Components = 4, Tolerance = 0, Iterations = 3, Floor = 1e-3, Shrinkage = shrinkage,
        };
        GaussianMixture before = new(samples, 3, settings), after = new(samples, 3, settings with { Iterations = 4 });
        double[] expected = MixtureOracle.Round(before, samples, settings.Floor, 3 * shrinkage);
        Assert.That(Numbers(before), Is.Not.EqualTo(expected).Within(1e-4), "the round should change them");
        Assert.That(Numbers(after), Is.EqualTo(expected).Within(Tolerances.MixtureRound));
        double objective = MixtureOracle.Objective(before, samples, settings.Floor, 3 * shrinkage);
        Assert.That(after.Objectives[3], Is.EqualTo(objective).Within(Tolerances.MixtureRound));
    }

    [Test]
    public void One_component_has_the_samples_moments()
    {
        SampleMoments moments = SampleMoments.Of(3, Known(31));
        GaussianMixture mixture = new(Known(31), 3, new MixtureSettings { Floor = 0.25 });
        double[] covariance = moments.Covariance();
        for (int i = 0; i < 3; i++) covariance[4 * i] += 0.25;
        double[] expected = [1, .. moments.Mean, .. covariance];
        Assert.That(Numbers(mixture), Is.EqualTo(expected).Within(Tolerances.ByHand));
    }

    [Test]
    public void The_likelihood_and_the_posterior_never_fall(
        [Values(1, 2, 7)] int size, [Values(2, 5, 20)] int components, [Values(1u, 2u)] uint seed,
        [Values(0, 1)] double shrinkage)
    {
        // a floor negligible against these variances: it is not part of the objective
        GaussianMixture mixture = new(
            [.. Normals(1000, size).Select((z, i) => z + 3 * Math.Sin(i))], size,
            new MixtureSettings { Components = components, Tolerance = 0, Iterations = 60, Floor = 1e-12, Seed = seed,
                Shrinkage = shrinkage });
        Assert.That(mixture.Objectives, Has.Count.GreaterThan(1).And.All.Matches<double>(double.IsFinite));
        for (int i = 1; i < mixture.Objectives.Count - 1; i++)
            Assert.That(mixture.Objectives[i], Is.GreaterThan(mixture.Objectives[i - 1] - Tolerances.ByHand),
                $"round {i}");
    }

    [Test]
    public void Responsibilities_are_those_of_the_formula_and_sum_to_one()
    {
        double[] samples = Known(443);
        GaussianMixture mixture = new(samples, 3, new MixtureSettings { Components = 5 });
        for (int n = 0; n < 50; n++)
        {
            double[] z = samples[(3 * n)..(3 * n + 3)], p = MixtureOracle.Densities(mixture, z);
            double[] r = Responsibilities(mixture, z, out double logDensity);
            Assert.That(r, Is.EqualTo(p.Select(v => v / p.Sum())).Within(Tolerances.MixtureRound));
            Assert.That(r.Sum(), Is.EqualTo(1).Within(Tolerances.ByHand));
            Assert.That(logDensity, Is.EqualTo(Math.Log(p.Sum())).Within(Tolerances.MixtureRound));
        }
        // so far away that every density is 0 in double, and that its logarithm overflows
        Assert.That(Responsibilities(mixture, [1e4, 1e4, -1e4], out double far).Sum(),
            Is.EqualTo(1).Within(Tolerances.ByHand));
        Assert.That(far, Is.LessThan(-1e6).And.GreaterThan(double.NegativeInfinity));
        Assert.That(Responsibilities(mixture, [1e200, 0, 0], out far), Is.EqualTo(mixture.Weights.ToArray()));
        Assert.That(far, Is.EqualTo(double.NegativeInfinity));
    }

    [Test]
    public void Threads_change_no_bit([Values(1, 2, 3)] int threads)
    {
        double[] samples = Normals(443, 31);
        MixtureSettings settings = new() { Components = 6, Seed = 4 };
        GaussianMixture expected = new(samples, 31, settings);
        using var team = new WorkTeam(threads);
        for (int repeat = 0; repeat < 3; repeat++)
        {
            GaussianMixture actual = new(samples, 31, settings, team);
            Assert.That(Numbers(actual), Is.EqualTo(Numbers(expected)));
            Assert.That(actual.Objectives, Is.EqualTo(expected.Objectives));
        }
    }

    [Test]
    public void Any_size_is_a_mixture(
        [Values(1, 2, 31, 33)] int count, [Values(1, 4, 17, 40)] int size, [Values(1, 3, 20)] int components,
        [Values(0, 1)] double shrinkage)
    {
        GaussianMixture mixture = Usable(Normals(count, size), size, components, shrinkage);
        Assert.That(mixture.Components, Is.EqualTo(Math.Min(components, count)));
    }

    [Test]
    public void Samples_of_low_rank_equal_ones_and_those_of_very_different_size_survive([Values(0, 1)] double shrinkage)
    {
        // two of eight entries are free, one is constant, the others depend on them
        IEnumerable<double> low = Normals(200, 8).Chunk(8)
            .SelectMany(z => z.Select((v, i) => i < 2 ? v : i == 7 ? 3 : z[0] * i - z[1]));
        Usable([.. low], 8, 6, shrinkage);
        foreach (double value in (double[])[0, 1e100, -1e-300])
            Usable([.. Enumerable.Repeat(value, 5 * 40)], 5, 4, shrinkage);
        double[] samples = [.. Normals(100, 6).Select((z, i) => z * Math.Pow(10, (i % 6 - 2) * 25))];
        // entries that depend on the largest up to rounding
        for (int n = 0; n < 100; n++) samples[n * 6 + 4] = 3 * samples[n * 6 + 5];
        Usable(samples, 6, 3, shrinkage);
    }

    [Test]
    public void Places_are_found_where_there_are_fewer_than_components()
    {
        // 60 samples at one place and two outliers
        double[] samples = [.. Enumerable.Repeat(1.0, 120), 50, 50, -70, 20];
        GaussianMixture mixture = Usable(samples, 2, 4, shrinkage: 0, floor: 1e-4);
        foreach ((double x, double y) in new[] { (1.0, 1.0), (50, 50), (-70, 20) })
        {
            double[] r = Responsibilities(mixture, [x, y], out _);
            double Distance(int k) => Math.Abs(mixture.Means[2 * k] - x) + Math.Abs(mixture.Means[2 * k + 1] - y);
            double near = Enumerable.Range(0, 4).Sum(k => Distance(k) < 1e-6 ? r[k] : 0);
            Assert.That(near, Is.EqualTo(1).Within(Tolerances.ByHand), $"({x}, {y})");
        }
    }

    [TestCase(0, 2)]
    [TestCase(79, 2)]
    [TestCase(120, 3)]
    [TestCase(750, 18)]
    [TestCase(3000, 20)]
    public void Components_come_with_samples(int samples, int components) =>
        Assert.That(GaussianMixture.DefaultComponents(samples), Is.EqualTo(components));

    [Test]
    public void What_is_not_finite_is_refused_with_the_remedy()
    {
        MixtureSettings one = new();
        foreach (double bad in new[] { double.NaN, double.PositiveInfinity, -1e101 })
            Assert.That(() => new GaussianMixture([0, 1, 2, 3, bad, 5], 2, one),
                Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("entry 0 of sample 2"));
    }

    private static double[] Numbers(GaussianMixture mixture) =>
        [.. mixture.Weights, .. mixture.Means, .. mixture.Covariances];

    // finite, with weights that sum to 1 and covariances that are symmetric and positive on the diagonal
    private static GaussianMixture Usable(
        double[] samples, int size, int components, double shrinkage, double floor = 1e-6)
    {
        GaussianMixture mixture = new(samples, size, new MixtureSettings(components, floor, shrinkage));
        Assert.That(Numbers(mixture), Is.All.Matches<double>(double.IsFinite));
        Assert.That(mixture.Weights.ToArray().Sum(), Is.EqualTo(1).Within(Tolerances.ByHand));
        for (int k = 0; k < mixture.Components; k++)
            for (int i = 0; i < size; i++)
            {
                Assert.That(mixture.Covariances[(k * size + i) * size + i], Is.Positive);
                for (int j = 0; j < i; j++)
                    Assert.That(mixture.Covariances[(k * size + i) * size + j],
                        Is.EqualTo(mixture.Covariances[(k * size + j) * size + i]));
            }
        for (int n = 0; n < Math.Min(5, samples.Length / size); n++)
        {
            double[] r = Responsibilities(mixture, samples.AsSpan(n * size, size), out double logDensity);
            Assert.That(logDensity, Is.Not.NaN.And.GreaterThan(double.NegativeInfinity));
            Assert.That(r.Sum(), Is.EqualTo(1).Within(Tolerances.ByHand));
        }
        return mixture;
    }
}
