using Naf.Checks.Oracles;
using Naf.Kernels.Random;
using Naf.Torch;
using TorchSharp;

namespace Naf.Tests;

/// <summary>The normalized advantage function in double precision, the reference of the fast versions.</summary>
internal sealed class NafAdvantageTests
{
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(31)]
    public void Values_are_those_of_torch(int action)
    {
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        double bound = 2, v = 0.7;
        // keep the column sums of L of order 1
        double[] mean = Drawn(action, 1, 0), packed = Drawn(action * (action + 1) / 2, 1 / Math.Sqrt(action), 1);
        double[] u = Drawn(action, 0.5, 2);
        torch.Tensor m = torch.tensor(mean, [1, action]), l = torch.tensor(packed, [1, packed.Length]);
        double q = TorchAdvantage.Value(torch.tensor([v]), m, l, torch.tensor(u, [1, action]), bound).item<double>();
        double[][] actual = AdvantageOracle.Run(action, bound, [v], mean, packed, u);
        Assert.That(actual[0], Is.EqualTo(mean.Select(Math.Tanh)));
        Assert.That(actual[2][0], Is.EqualTo(q - v).Within(Tolerances.Autograd * Math.Abs(q)).And.Negative);
        Assert.That(actual[3][0], Is.EqualTo(q).Within(Tolerances.Autograd * Math.Abs(q)));
        double[] best = AdvantageOracle.Run(action, bound, [v], mean, packed, actual[0])[3];
        Assert.That(best, Is.EqualTo(new[] { v }), "at the mean action the advantage is zero");

        static double[] Drawn(int count, double size, uint lane) =>
            [.. Enumerable.Range(0, count).Select(i => size * Philox.Normal(9, RandomStream.Weights, (ulong)i, lane))];
    }

    [Test]
    public void The_diagonal_stays_finite_however_large_its_entry()
    {
        double[] lower = AdvantageOracle.Run(2, 5, [0], [0, 0], [1e30, 2, -1e30], [0, 0])[1];
        Assert.That(lower, Is.EqualTo(new[] { Math.Exp(5), 2, Math.Exp(-5) }).Within(1e-9));
    }
}
