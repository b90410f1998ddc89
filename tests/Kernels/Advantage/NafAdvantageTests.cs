using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class NafAdvantageTests
{
    private static readonly double[] Mean = [0.3, -0.7, 1.1], Packed = [0.2, -0.5, 0.4, 0.7, 0.1, -0.3], U = [-0.2, 0.9, 0.5];

    [Test]
    public void At_the_mean_action_the_advantage_is_zero_and_elsewhere_negative()
    {
        double[] mu = [.. Mean.Select(Math.Tanh)];
        Assert.That(NafAdvantageReference<double>.Value(4, Mean, Packed, mu, 5), Is.EqualTo(4));
        Assert.That(NafAdvantageReference<double>.Value(4, Mean, Packed, U, 5), Is.LessThan(4));
    }

    [Test]
    public void One_action_is_a_parabola()
    {
        // A = −½ exp(2 B tanh(l/B)) (u − tanh m)²
        double l = 0.6, m = -0.4, u = 0.8, curvature = Math.Exp(2 * 5 * Math.Tanh(l / 5));
        double expected = -0.5 * curvature * Math.Pow(u - Math.Tanh(m), 2);
        Assert.That(NafAdvantageReference<double>.Value(0, [m], [l], [u], 5), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Gradients_are_the_differences()
    {
        const double h = 1e-6;
        (double[] dMean, double[] dPacked) = NafAdvantageReference<double>.Gradient(Mean, Packed, U, 5);
        for (int i = 0; i < Mean.Length; i++)
            Assert.That(dMean[i], Is.EqualTo(Difference(d => Value(Shift(Mean, i, d), Packed))).Within(Tolerances.FiniteDifference));
        for (int i = 0; i < Packed.Length; i++)
            Assert.That(dPacked[i], Is.EqualTo(Difference(d => Value(Mean, Shift(Packed, i, d)))).Within(Tolerances.FiniteDifference));

        double Value(double[] mean, double[] packed) => NafAdvantageReference<double>.Value(0, mean, packed, U, 5);
        static double Difference(Func<double, double> f) => (f(h) - f(-h)) / (2 * h);
        static double[] Shift(double[] x, int at, double by) => [.. x.Select((v, i) => i == at ? v + by : v)];
    }

    [Test]
    public void The_diagonal_stays_finite_however_large_its_entry()
    {
        double[,] lower = NafAdvantageReference<double>.Triangle([1e30, 2, -1e30], 2, 5);
        Assert.That(lower[0, 0], Is.EqualTo(Math.Exp(5)).Within(1e-9));
        Assert.That(lower[1, 1], Is.EqualTo(Math.Exp(-5)).Within(1e-9));
        Assert.That(lower[0, 1], Is.Zero);
    }
}
