using Naf.Checks.Oracles;
using Naf.Kernels.Random;
using Naf.Torch;
using NUnit.Framework;
using TorchSharp;

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

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(31)]
    public void Values_and_gradients_are_those_of_autograd(int action)
    {
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        double bound = 2, v = 0.7;
        // sums of the columns of L stay of size 1
        double[] mean = Drawn(action, 1, 0), packed = Drawn(action * (action + 1) / 2, 1 / Math.Sqrt(action), 1), u = Drawn(action, 0.5, 2);
        torch.Tensor m = torch.tensor(mean, [1, action], requires_grad: true), l = torch.tensor(packed, [1, packed.Length], requires_grad: true);
        torch.Tensor expected = TorchAdvantage.Value(torch.tensor([v]), m, l, torch.tensor(u, [1, action]), bound);
        expected.sum().backward();
        double q = expected.item<double>();
        Assert.That(NafAdvantageReference<double>.Value(v, mean, packed, u, bound), Is.EqualTo(q).Within(Tolerances.Autograd * Math.Abs(q)));
        (double[] dMean, double[] dPacked) = NafAdvantageReference<double>.Gradient(mean, packed, u, bound);
        Equal(dMean, m.grad!);
        Equal(dPacked, l.grad!);

        static void Equal(double[] actual, torch.Tensor gradient)
        {
            double[] numbers = gradient.data<double>().ToArray();
            Assert.That(numbers, Has.All.Matches<double>(double.IsFinite));
            Assert.That(actual, Is.EqualTo(numbers).Within(Tolerances.Autograd * numbers.Max(Math.Abs)));
        }

        static double[] Drawn(int count, double size, uint lane) =>
            [.. Enumerable.Range(0, count).Select(i => size * Philox.Normal(9, RandomStream.Weights, (ulong)i, lane))];
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
