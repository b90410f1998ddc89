using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// The six kinds of reward terms: closed forms, derivatives against central differences, float against double, and semidefinite Hessians.
/// </summary>
public class RewardFunctionTests
{
    private const int Observations = 7, Actions = 2, Size = Observations + Actions;

    private static RewardTerm Term(RewardKind kind, double weight) => new(
        kind, weight, 0.35, kind is RewardKind.Linear or RewardKind.Sigmoid ? 0.4 : 0,
        [4, 1, 8], [0.3, -0.2, 0.1], [1.5, 0.5, kind is RewardKind.Linear ? -2 : 2]);

    private static IEnumerable<TestCaseData> Terms() =>
        from kind in Enum.GetValues<RewardKind>() from weight in new[] { -0.7, 0.9 } select new TestCaseData(kind, weight);

    private static RewardDefinition AllTerms() => new(Observations, Actions,
        [
            .. Enum.GetValues<RewardKind>().Select((kind, i) => Term(kind, i % 2 == 0 ? 0.3 : -0.2)),
            new(RewardKind.Quadratic, -0.001, 0, 0, [7, 8], [0, 0], [1, 1]),
        ],
        [], 0);

    private static (double[] X, double[] U) Point(ulong draw)
    {
        double[] z = [.. Enumerable.Range(0, Size).Select(i => Philox.Normal(5, RandomStream.TestReset, draw, (uint)i))];
        return (z[..Observations], z[Observations..]);
    }

    [TestCase(RewardKind.Linear, 3.25)]
    [TestCase(RewardKind.Quadratic, 2.175)]
    [TestCase(RewardKind.SmoothNorm, 1.16575063912)]
    [TestCase(RewardKind.LogQuadratic, 2.93146582425)]
    [TestCase(RewardKind.Bump, 0.000139485344383)]
    [TestCase(RewardKind.Sigmoid, 0.918980231335)]
    public void Value_is_the_formula(RewardKind kind, double expected)
    {
        // d = (.7, 1.2, −.6): q = 1.5·.49 + .5·1.44 + 2·.36 = 2.175; sigmoid e = .4 + 1.05 + .6 − 1.2 = .85
        double[] x = [9, 1, 9, 9, 1, 9, 9];
        var r = new RewardFunction<double>(new RewardDefinition(Observations, Actions, [Term(kind, 1)], []));
        Assert.That(r.Value(x, [9, -0.5]), Is.EqualTo(expected).Within(1e-11 * expected));
    }

    [TestCaseSource(nameof(Terms))]
    public void Gradient_matches_central_differences(RewardKind kind, double weight)
    {
        var r = new RewardFunction<double>(new RewardDefinition(Observations, Actions, [Term(kind, weight)], []));
        double[] gradient = new double[Size];
        for (ulong draw = 0; draw < 5; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            Array.Fill(gradient, double.NaN);
            r.Gradient(x, u, gradient);
            for (int i = 0; i < Size; i++)
                Assert.That(gradient[i], Is.EqualTo(Difference(x, u, i, 1e-5, (a, b) => r.Value(a, b))).Within(1e-9), $"d r / d z{i}");
        }
    }

    [TestCaseSource(nameof(Terms))]
    public void Cost_hessian_matches_differenced_gradient(RewardKind kind, double weight)
    {
        var r = new RewardFunction<double>(new RewardDefinition(Observations, Actions, [Term(kind, weight)], []));
        double[] hessian = new double[Size * Size], gradient = new double[Size];
        for (ulong draw = 0; draw < 5; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            Array.Fill(hessian, double.NaN);
            r.CostHessian(x, u, HessianForm.Exact, hessian);
            for (int i = 0; i < Size; i++)
                for (int j = 0; j < Size; j++)
                    Assert.That(hessian[i * Size + j], Is.EqualTo(Difference(x, u, j, 1e-5, (a, b) =>
                    {
                        r.Gradient(a, b, gradient);
                        return -gradient[i];
                    })).Within(6e-8), $"C[{i},{j}]");
        }
    }

    [TestCaseSource(nameof(Terms))]
    public void Semidefinite_forms_have_no_negative_eigenvalue(RewardKind kind, double weight)
    {
        var r = new RewardFunction<double>(new RewardDefinition(Observations, Actions, [Term(kind, weight)], []));
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
        var r = new RewardFunction<double>(new RewardDefinition(Observations, Actions, [Term(kind, -0.6)], []));
        (double[] x, double[] u) = Point(3);
        double[] exact = new double[Size * Size], semidefinite = new double[Size * Size];
        r.CostHessian(x, u, HessianForm.Exact, exact);
        r.CostHessian(x, u, HessianForm.PositiveSemidefinite, semidefinite);
        Assert.That(semidefinite, Is.EqualTo(exact));
    }

    [Test]
    public void Float_agrees_with_double()
    {
        RewardDefinition definition = AllTerms();
        var r64 = new RewardFunction<double>(definition);
        var r32 = new RewardFunction<float>(definition);
        for (ulong draw = 0; draw < 200; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            float[] x32 = [.. x.Select(v => (float)v)], u32 = [.. u.Select(v => (float)v)];
            double expected = r64.Value([.. x32.Select(v => (double)v)], [.. u32.Select(v => (double)v)]);
            Assert.That(double.IsFinite(expected));
            Assert.That(r32.Value(x32, u32), Is.EqualTo(expected).Within(1e-6 + 1e-5 * Math.Abs(expected)));
        }
    }

    [Test]
    public void Episode_ends_outside_its_bounds()
    {
        var r = new RewardFunction<double>(new RewardDefinition(2, 1, [], [new(0, 0.8, 2), new(1, 0.5, double.PositiveInfinity)], -0.05));
        Assert.That(r.Terminates([1, 0.6]), Is.False);
        Assert.That(r.Terminates([0.79, 0.6]), Is.True);
        Assert.That(r.Terminates([2.01, 0.6]), Is.True);
        Assert.That(r.Terminates([1, 0.49]), Is.True);
        Assert.That(r.Terminates([1, 1e9]), Is.False);
        Assert.That(r.TerminationReward, Is.EqualTo(-0.05));
    }

    private static IEnumerable<(RewardTerm Term, string Reason)> Malformed()
    {
        RewardTerm good = Term(RewardKind.SmoothNorm, 1);
        yield return (good with { Alpha = 0 }, "alpha must be positive");
        yield return (good with { Scale = [1, -1, 1] }, "must not be negative");
        yield return (good with { Index = [4, 1, 9] }, "index 9");
        yield return (good with { Centre = [0] }, "3 centres");
        yield return (good with { Weight = double.NaN }, "finite");
        yield return (good with { Offset = 1 }, "offset");
        yield return (good with { Index = [.. new int[17]] }, "17 entries");
    }

    [TestCaseSource(nameof(Malformed))]
    public void Malformed_terms_are_refused((RewardTerm Term, string Reason) sample) =>
        Assert.That(
            () => new RewardDefinition(Observations, Actions, [sample.Term], []), Throws.ArgumentException.With.Message.Contains(sample.Reason));

    private static double Difference(double[] x, double[] u, int i, double step, Func<double[], double[], double> f)
    {
        double At(double shift)
        {
            double[] xs = [.. x], us = [.. u];
            if (i < Observations) xs[i] += shift;
            else us[i - Observations] += shift;
            return f(xs, us);
        }
        return (At(step) - At(-step)) / (2 * step);
    }
}
