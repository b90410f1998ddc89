using Naf.Kernels.Random;
using Naf.Kernels.Reward;

namespace Naf.Tests;

/// <summary>The kinds of reward terms: closed forms, central differences and semidefinite Hessians.</summary>
internal class RewardFunctionTests
{
    private const int Observations = 7, Actions = 2, Size = Observations + Actions;

    private static RewardTerm Term(RewardKind kind, double weight) => new(
        kind, weight, 0.35, kind is RewardKind.Linear or RewardKind.Sigmoid ? 0.4 : 0,
        [4, 1, 8], [0.3, -0.2, 0.1], [1.5, 0.5, kind is RewardKind.Linear ? -2 : 2])
    {
        Factors = kind != RewardKind.Product ? []
            : [new(ToleranceOf.Norm, 2, 0, 1, 2), new(ToleranceOf.Value, 1, 0, 0, 3, ToleranceSigmoid.LongTail)],
    };

    private static RewardFunction<double> Reward(RewardKind kind, double weight) => Reward(Term(kind, weight));

    private static RewardFunction<double> Reward(params ImmutableArray<RewardTerm> terms) =>
        new(new RewardDefinition(Observations, Actions, terms, []));

    private static IEnumerable<TestCaseData> Terms() =>
        from kind in Enum.GetValues<RewardKind>() from weight in new[] { -0.7, 0.9 }
            select new TestCaseData(kind, weight);

    private static (double[] X, double[] U) Point(ulong draw)
    {
        double[] z = [.. Enumerable.Range(0, Size)
            .Select(i => Philox.Normal(5, RandomStream.TestReset, draw, (uint)i))];
        return (z[..Observations], z[Observations..]);
    }

    [TestCase(RewardKind.Linear, 3.25)]
    [TestCase(RewardKind.Quadratic, 2.175)]
    [TestCase(RewardKind.SmoothNorm, 1.16575063912)]
    [TestCase(RewardKind.LogQuadratic, 2.93146582425)]
    [TestCase(RewardKind.Bump, 0.000139485344383)]
    [TestCase(RewardKind.Sigmoid, 0.918980231335)]
    [TestCase(RewardKind.Product, 0.399923641064)]
    public void Value_is_the_formula(RewardKind kind, double expected)
    {
        // d = (.7, 1.2, −.6): q = 1.5·.49 + .5·1.44 + 2·.36 = 2.175; sigmoid e = .4 + 1.05 + .6 − 1.2 = .85
        double[] x = [9, 1, 9, 9, 1, 9, 9];
        RewardFunction<double> r = Reward(kind, 1);
        Assert.That(r.Value(x, [9, -0.5]), Is.EqualTo(expected).Within(1e-11 * expected));
    }

    [TestCaseSource(nameof(Terms))]
    public void Gradient_and_cost_hessian_match_central_differences(RewardKind kind, double weight)
    {
        RewardFunction<double> r = Reward(kind, weight);
        double[] gradient = new double[Size], hessian = new double[Size * Size];
        for (ulong draw = 0; draw < 5; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            Array.Fill(gradient, double.NaN);
            Array.Fill(hessian, double.NaN);
            r.Gradient(x, u, gradient);
            r.CostHessian(x, u, HessianForm.Exact, hessian);
            double[] differences = [.. gradient.Select((_, i) => Differences.Of(x, u, i, (a, b) => r.Value(a, b)))];
            Assert.That(gradient, Is.EqualTo(differences).Within(1e-9));
            for (int i = 0; i < Size; i++)
                for (int j = 0; j < Size; j++)
                {
                    double difference = Differences.Of(x, u, j, (a, b) =>
                    {
                        r.Gradient(a, b, gradient);
                        return -gradient[i];
                    });
                    Assert.That(hessian[i * Size + j], Is.EqualTo(difference).Within(6e-8), $"C[{i},{j}]");
                }
        }
    }

    [TestCaseSource(nameof(Terms))]
    public void Semidefinite_forms_have_no_negative_eigenvalue(RewardKind kind, double weight)
    {
        RewardFunction<double> r = Reward(kind, weight);
        double[] hessian = new double[Size * Size];
        foreach (HessianForm form in new[] { HessianForm.PositiveSemidefinite, HessianForm.Majorised })
            for (ulong draw = 0; draw < 20; draw++)
            {
                (double[] x, double[] u) = Point(draw);
                r.CostHessian(x, u, form, hessian);
                Assert.That(Eigenvalues.Least(hessian, Size), Is.GreaterThanOrEqualTo(-1e-12));
            }
    }

    [TestCase(RewardKind.Quadratic)]
    [TestCase(RewardKind.SmoothNorm)]
    public void Convex_terms_keep_their_exact_hessian(RewardKind kind)
    {
        RewardFunction<double> r = Reward(kind, -0.6);
        (double[] x, double[] u) = Point(3);
        double[] exact = new double[Size * Size], semidefinite = new double[Size * Size];
        r.CostHessian(x, u, HessianForm.Exact, exact);
        r.CostHessian(x, u, HessianForm.PositiveSemidefinite, semidefinite);
        Assert.That(semidefinite, Is.EqualTo(exact));
    }

    [Test]
    public void A_constant_is_added_at_every_step()
    {
        var constant = new RewardTerm(RewardKind.Linear, 0.8, 0, 1, [], [], []);
        RewardFunction<double> r = Reward(Term(RewardKind.Quadratic, -1), constant),
            without = Reward(RewardKind.Quadratic, -1);
        (double[] x, double[] u) = Point(2);
        Assert.That(r.Value(x, u), Is.EqualTo(without.Value(x, u) + 0.8).Within(1e-15));
        double[] gradient = new double[Size], expected = new double[Size];
        r.Gradient(x, u, gradient);
        without.Gradient(x, u, expected);
        Assert.That(gradient, Is.EqualTo(expected));
    }

    // every kind with bounds that one of two points is beyond
    [Test]
    public void A_clipped_term_is_flat_beyond_its_bounds([Values] RewardKind kind)
    {
        if (kind == RewardKind.Product)
        {
            Assert.That(() => Reward(Term(kind, 1) with { ClipHigh = 0.5 }),
                Throws.ArgumentException.With.Message.Contains("has no clip"));
            return;
        }
        double[] gradient = new double[Size], hessian = new double[Size * Size], free = new double[Size];
        for (ulong draw = 0; draw < 10; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            double rho = Reward(kind, 1).Value(x, u);
            Reward(kind, -2).Gradient(x, u, free);
            foreach ((double low, double high) in ((double, double)[])[(rho - 0.3, rho + 0.3), (rho + 0.1, rho + 1),
                (rho - 1, rho - 0.1)])
            {
                RewardFunction<double> r = Reward(Term(kind, -2) with { ClipLow = low, ClipHigh = high });
                Assert.That(r.Value(x, u), Is.EqualTo(-2 * Math.Clamp(rho, low, high)).Within(1e-13));
                r.Gradient(x, u, gradient);
                r.CostHessian(x, u, HessianForm.Exact, hessian);
                if (low < rho && rho < high) Assert.That(gradient, Is.EqualTo(free));
                else Assert.That(gradient.Concat(hessian), Is.All.Zero);
            }
        }
    }

    [Test]
    public void Episode_ends_outside_its_bounds()
    {
        var r = new RewardFunction<double>(
            new RewardDefinition(2, 1, [], [new(0, 0.8, 2), new(1, 0.5, double.PositiveInfinity)], -0.05));
        Assert.That(r.Terminates([1, 0.6]), Is.False);
        Assert.That(r.Terminates([0.79, 0.6]), Is.True);
        Assert.That(r.Terminates([2.01, 0.6]), Is.True);
        Assert.That(r.Terminates([1, 0.49]), Is.True);
        Assert.That(r.Terminates([1, 1e9]), Is.False);
        Assert.That(r.TerminationReward, Is.EqualTo(-0.05));
    }

    [Test]
    public void Malformed_terms_are_refused()
    {
        RewardTerm good = Term(RewardKind.SmoothNorm, 1);
        Refused(good with { Alpha = 0 }, "alpha must be positive");
        Refused(good with { Scale = [1, -1, 1] }, "must not be negative");
        Refused(good with { Index = [4, 1, 9] }, "index 9");
        Refused(good with { Centre = [0] }, "3 centres");
        Refused(good with { Weight = double.NaN }, "finite");
        Refused(good with { Offset = 1 }, "offset");
        Refused(good with { Index = [], Centre = [], Scale = [] }, "no entries");
        Refused(good with { ClipLow = 2, ClipHigh = 1 }, "the clip [2, 1] needs low, then high");
        Refused(good with { Factors = [new(ToleranceOf.Value, 3)] }, "only a product");

        static void Refused(RewardTerm term, string reason) => Assert.That(
            () => new RewardDefinition(Observations, Actions, [term], []),
            Throws.ArgumentException.With.Message.Contains(reason));
    }
}
