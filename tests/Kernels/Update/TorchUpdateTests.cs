using Naf.Checks.Oracles;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using Naf.Torch;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The reference's whole update against PyTorch's autograd and Adam, both in double.</summary>
public sealed class TorchUpdateTests
{
    [OneTimeSetUp]
    public void Load() => TorchNatives.Load();

    [TestCase(1, 1, new[] { 1 }, 1)]
    [TestCase(20, 6, new[] { 31, 17 }, 31)]
    [TestCase(443, 3, new[] { 31 }, 7)]
    [TestCase(3, 2, new[] { 20, 31, 5 }, 443)]
    public void Four_updates_are_those_of_PyTorch(int state, int action, int[] hidden, int size)
    {
        foreach ((bool trunk, bool batchNorm) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            // a batch of one has no variance to normalise by
            if (batchNorm && size == 1) continue;
            var shape = new NafShape(state, action, [.. hidden], trunk, batchNorm);
            var settings = new LearnerSettings { Seed = 5, RewardScale = 2, ClipNorm = 3, Tau = 0.3f, LearningRate = 1e-2f, Gamma = 0.9f };
            var reference = new NafOracle(shape, settings);
            using var torch = new TorchNaf(shape, settings, Flat(reference.Parameters), Flat(reference.Statistics));
            for (int k = 0; k < 4; k++)
            {
                Minibatch<double> batch = Batch(size, state, action, (ulong)k);
                double[] gradient = Flat(reference.Gradient(batch, reference.Targets(batch)));
                double expected = torch.Update(batch), largest = torch.Gradient.Max(Math.Abs);
                Assert.That(reference.Update(batch), Is.EqualTo(expected).Within(Tolerances.Autograd * expected));
                Assert.That(largest, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity));
                string where = $"{shape}, update {k}";
                Assert.That(gradient, Is.EqualTo(torch.Gradient).Within(Tolerances.Autograd * largest), where);
                Assert.That(Flat(reference.Parameters), Is.EqualTo(torch.Parameters).Within(Tolerances.TorchParameters), where);
                Assert.That(reference.Target, Is.EqualTo(torch.Target).Within(Tolerances.TorchParameters), where);
                Assert.That(Flat(reference.Statistics), Is.EqualTo(torch.Statistics).Within(Tolerances.Autograd), where);
                Assert.That(reference.TargetStatistics, Is.EqualTo(torch.TargetStatistics).Within(Tolerances.Autograd), where);
            }
        }
    }

    private static double[] Flat(double[][] networks) => [.. networks.SelectMany(n => n)];

    private static Minibatch<double> Batch(int size, int state, int action, ulong seed)
    {
        return new([.. Rows(state, 0)], [.. Rows(action, 1).Select(row => row.Select(Math.Tanh).ToArray())], [.. Rows(1, 2).Select(row => row[0])],
            [.. Enumerable.Range(0, size).Select(m => m % 3 != 1)], [.. Rows(state, 3)]);

        IEnumerable<double[]> Rows(int width, uint lane) => Enumerable.Range(0, size).Select(m =>
            Enumerable.Range(0, width).Select(i => Philox.Normal(seed, RandomStream.Reset, (ulong)(m * width + i), lane)).ToArray());
    }
}
