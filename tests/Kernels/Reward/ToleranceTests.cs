using Naf.Kernels.Random;
using Naf.Kernels.Reward;

namespace Naf.Tests;

/// <summary>
/// Products of tolerances against dm_control's definition, which is written out here, and central differences.
/// </summary>
internal sealed class ToleranceTests
{
    private const int Observations = 4, Size = Observations + 1;

    // dm_control's sigmoids of the distance in margins, by the value that each has at 1
    private static double Sigmoid(ToleranceSigmoid sigmoid, double x, double at1)
    {
        switch (sigmoid)
        {
            case ToleranceSigmoid.Gaussian:
                return Math.Pow(at1, x * x);
            case ToleranceSigmoid.Hyperbolic:
                return 1 / Math.Cosh(x * Math.Acosh(1 / at1));
            case ToleranceSigmoid.LongTail:
                return 1 / (x * x * (1 / at1 - 1) + 1);
            case ToleranceSigmoid.Reciprocal:
                return 1 / (Math.Abs(x) * (1 / at1 - 1) + 1);
            case ToleranceSigmoid.Cosine:
                double scaled = x * Math.Acos(2 * at1 - 1) / Math.PI;
                return Math.Abs(scaled) < 1 ? (1 + Math.Cos(Math.PI * scaled)) / 2 : 0;
            case ToleranceSigmoid.Linear:
                return Math.Max(0, 1 - Math.Abs(x) * (1 - at1));
            case ToleranceSigmoid.Quadratic:
                return Math.Max(0, 1 - x * x * (1 - at1));
            default:
                double tanh = Math.Tanh(x * Math.Atanh(Math.Sqrt(1 - at1)));
                return 1 - tanh * tanh;
        }
    }

    private static double Tolerance(double e, ToleranceFactor f)
    {
        if (e >= f.Low && e <= f.High) return 1;
        if (f.Margin == 0) return 0;
        return Sigmoid(f.Sigmoid, (e < f.Low ? f.Low - e : e - f.High) / f.Margin, f.ValueAtMargin);
    }

    [Test]
    public void A_factor_is_dm_controls_tolerance([Values] ToleranceSigmoid sigmoid, [Values] ToleranceOf of)
    {
        double[] values = sigmoid is ToleranceSigmoid.Cosine or ToleranceSigmoid.Linear or ToleranceSigmoid.Quadratic
            ? [0, 0.1, 0.7] : [0.01, 0.1, 0.7];
        foreach (double value in values)
            foreach ((double low, double high, double margin) in
                ((double, double, double)[])[(0, 0, 1.5), (-0.3, 0.4, 0.5), (0.6, double.PositiveInfinity, 2),
                    (double.NegativeInfinity, -0.2, 0.3), (-0.3, 0.8, 0)])
            {
                var factor = new ToleranceFactor(of, 2, low, high, margin, sigmoid, value, Least: 0.25);
                RewardFunction<double> r = Product(1, [factor], [2, 4], [0.1, -0.2], [1.5, 0.5]);
                for (ulong draw = 0; draw < 20; draw++)
                {
                    (double[] x, double[] u) = Point(draw);
                    double a = x[2] - 0.1, b = u[0] + 0.2;
                    double tolerance = of switch
                    {
                        ToleranceOf.Value => Tolerance(1.5 * a + 0.5 * b, factor),
                        ToleranceOf.Norm => Tolerance(Math.Sqrt(1.5 * a * a + 0.5 * b * b), factor),
                        ToleranceOf.Mean => (Tolerance(1.5 * a, factor) + Tolerance(0.5 * b, factor)) / 2,
                        _ => Math.Min(Tolerance(1.5 * a, factor), Tolerance(0.5 * b, factor)),
                    };
                    Assert.That(r.Value(x, u), Is.EqualTo(0.25 + 0.75 * tolerance).Within(1e-14), $"{factor}");
                }
            }
    }

    [Test]
    public void The_value_at_the_margin_is_the_one_asked_for([Values] ToleranceSigmoid sigmoid)
    {
        RewardFunction<double> r = Product(3, [new(ToleranceOf.Value, 1, -1, 2, 0.5, sigmoid, 0.3)], [0], [0], [1]);
        Assert.That(r.Value([2.5, 0, 0, 0], [0]), Is.EqualTo(0.9).Within(1e-14));
        Assert.That(r.Value([-1.5, 0, 0, 0], [0]), Is.EqualTo(0.9).Within(1e-14));
        Assert.That(r.Value([2, 0, 0, 0], [0]), Is.EqualTo(3));
    }

    // three factors, of which two share x₁; away from the kinks that some have
    private static RewardFunction<double> Shared(ToleranceSigmoid sigmoid, ToleranceOf of, double weight) => Product(
        weight,
        [
            new(of, 2, -0.2, 0.1, 1.7, sigmoid, 0.2),
            new(ToleranceOf.Norm, 2, 0, 0.05, 3, ToleranceSigmoid.Gaussian),
            new(ToleranceOf.Value, 1, 0, 0, 4, ToleranceSigmoid.LongTail, Least: 0.5),
        ],
        [0, 1, 1, 3, 4], [0.1, 0, 0.3, -0.2, 0.05], [1.5, 0.5, 1, 2, -1]);

    [Test]
    public void Derivatives_match_central_differences(
        [Values] ToleranceSigmoid sigmoid, [Values] ToleranceOf of, [Values(-0.7, 0.9)] double weight)
    {
        RewardFunction<double> r = Shared(sigmoid, of, weight);
        double[] gradient = new double[Size], hessian = new double[Size * Size];
        int seen = 0;
        for (ulong draw = 0; draw < 20; draw++)
        {
            (double[] x, double[] u) = Point(draw);
            Array.Fill(gradient, double.NaN);
            Array.Fill(hessian, double.NaN);
            r.Gradient(x, u, gradient);
            r.CostHessian(x, u, HessianForm.Exact, hessian);
            for (int i = 0; i < Size; i++)
                Assert.That(gradient[i], Is.EqualTo(Differences.Of(x, u, i, (a, b) => r.Value(a, b))).Within(1e-8));
            double[] other = new double[Size];
            for (int i = 0; i < Size; i++)
                for (int j = 0; j < Size; j++)
                    Assert.That(hessian[i * Size + j], Is.EqualTo(Differences.Of(x, u, j, (a, b) =>
                    {
                        r.Gradient(a, b, other);
                        return -other[i];
                    })).Within(1e-7), $"C[{i},{j}], draw {draw}");
            if (hessian[0] != 0) seen++;
        }
        Assert.That(seen, Is.AtLeast(sigmoid == ToleranceSigmoid.Linear ? 0 : 2), "points with curvature");
    }

    [Test]
    public void Semidefinite_forms_have_no_negative_eigenvalue(
        [Values] ToleranceSigmoid sigmoid, [Values] ToleranceOf of, [Values(-0.7, 0.9)] double weight)
    {
        RewardFunction<double> r = Shared(sigmoid, of, weight);
        double[] hessian = new double[Size * Size];
        foreach (HessianForm form in new[] { HessianForm.PositiveSemidefinite, HessianForm.Majorised })
            for (ulong draw = 0; draw < 20; draw++)
            {
                (double[] x, double[] u) = Point(draw);
                hessian.AsSpan().Fill(double.NaN);
                r.CostHessian(x, u, form, hessian);
                Assert.That(Eigenvalues.Least(hessian, Size), Is.GreaterThanOrEqualTo(-1e-12));
            }
    }

    [Test]
    public void At_a_norm_of_0_the_derivatives_are_finite()
    {
        RewardFunction<double> r = Product(
            1, [new(ToleranceOf.Norm, 2, 0, 0, 1, ToleranceSigmoid.Linear, 0)], [0, 1], [0, 0], [1, 1]);
        double[] gradient = new double[Size], hessian = new double[Size * Size];
        r.Gradient(new double[Observations], [0], gradient);
        r.CostHessian(new double[Observations], [0], HessianForm.PositiveSemidefinite, hessian);
        Assert.That(gradient, Is.All.Zero);
        Assert.That(hessian, Is.All.Zero);
    }

    [Test]
    public void Malformed_products_are_refused()
    {
        var good = new ToleranceFactor(ToleranceOf.Norm, 2, 0, 1, 1);
        Refused("needs factors");
        Refused("need low, then high", good with { Low = 2 });
        Refused("margin must be finite", good with { Margin = -1 });
        Refused("value_at_margin must be between 0 and 1", good with { ValueAtMargin = 0 });
        Refused("value_at_margin must be from 0 to below 1",
            good with { ValueAtMargin = 1, Sigmoid = ToleranceSigmoid.Cosine });
        Refused("least must be from 0", good with { Least = 1 });
        Refused("its factors use 3 entries, and it has 2", good, good with { Count = 1 });

        static void Refused(string reason, params ToleranceFactor[] factors) => Assert.That(
            () => Product(1, factors, [0, 1], [0, 0], [1, 1]), Throws.ArgumentException.With.Message.Contains(reason));
    }

    private static RewardFunction<double> Product(
        double weight, ToleranceFactor[] factors, int[] index, double[] centre, double[] scale) =>
        new(new RewardDefinition(Observations, 1,
            [new RewardTerm(RewardKind.Product, weight, 0, 0, [.. index], [.. centre], [.. scale])
            {
                Factors = [.. factors],
            }], []));

    private static (double[] X, double[] U) Point(ulong draw)
    {
        double[] z =
            [.. Enumerable.Range(0, Size).Select(i => Philox.Normal(7, RandomStream.TestReset, draw, (uint)i))];
        return (z[..Observations], z[Observations..]);
    }
}
