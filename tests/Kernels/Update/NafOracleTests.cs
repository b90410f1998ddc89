using Naf.Checks.Oracles;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The body of the update in double against finite differences and closed forms.</summary>
public sealed class NafOracleTests
{
    [TestCase(false, false)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public void The_gradient_is_the_difference_of_the_loss(bool trunk, bool batchNorm)
    {
        const double h = 1e-6;
        var reference = new NafOracle(new NafShape(3, 2, [5, 4], trunk, batchNorm), new LearnerSettings { Seed = 11 });
        Minibatch<double> batch = Minibatch(7, 3, 2);
        double[] y = reference.Targets(batch);
        double[][] gradient = reference.Gradient(batch, y);
        int checkedEntries = 0;
        for (int n = 0; n < gradient.Length; n++)
            for (int i = 0; i < gradient[n].Length; i++)
            {
                double before = reference.Parameters[n][i];
                reference.Parameters[n][i] = before + h;
                double above = reference.Loss(batch, y);
                reference.Parameters[n][i] = before - h;
                double below = reference.Loss(batch, y);
                reference.Parameters[n][i] = before;
                Assert.That(gradient[n][i], Is.EqualTo((above - below) / (2 * h)).Within(Tolerances.FiniteDifference), $"network {n}, parameter {i}");
                if (gradient[n][i] != 0) checkedEntries++;
            }
        Assert.That(checkedEntries, Is.GreaterThan(40));
    }

    [Test]
    public void Targets_bootstrap_unless_the_episode_ended()
    {
        var settings = new LearnerSettings { Gamma = 0.5f, RewardScale = 10 };
        var reference = new NafOracle(new NafShape(1, 1, [2]), settings);
        var batch = new Minibatch<double>([[0.1], [0.1]], [[0], [0]], [2, 2], [true, false], [[0.3], [0.3]]);
        double v = new MlpOracle(new MlpShape(1, [2], 1)).Forward(reference.Target, null, [[0.3]])[0][0];
        Assert.That(v, Is.Not.Zero);
        Assert.That(reference.Targets(batch), Is.EqualTo(new[] { 20 + 0.5 * v, 20 }).Within(1e-12));
    }

    [Test]
    public void A_long_gradient_is_clipped_to_its_norm()
    {
        var shape = new NafShape(2, 1, [3]);
        Minibatch<double> batch = Minibatch(5, 2, 1);
        var free = new NafOracle(shape, new LearnerSettings());
        var clipped = new NafOracle(shape, new LearnerSettings { ClipNorm = 1e-3f });
        free.Update(batch);
        clipped.Update(batch);
        // Adam's first moment after one step is a tenth of the gradient
        double[] g = [.. free.First.SelectMany(m => m).Select(m => 10 * m)], c = [.. clipped.First.SelectMany(m => m).Select(m => 10 * m)];
        double norm = Math.Sqrt(g.Sum(v => v * v));
        Assert.That(norm, Is.GreaterThan(1e-3));
        Assert.That(c, Is.EqualTo(g.Select(v => v * 1e-3f / norm)).Within(1e-9));
    }

    private static Minibatch<double> Minibatch(int size, int state, int action)
    {
        int draw = 0;
        return new Minibatch<double>([.. Rows(state)], [.. Rows(action)], [.. Rows(1).Select(r => r[0])],
            [.. Enumerable.Range(0, size).Select(m => m % 3 != 0)], [.. Rows(state)]);

        IEnumerable<double[]> Rows(int width) => [.. Enumerable.Range(0, size).Select(_ => Row(width))];

        double[] Row(int width) => [.. Enumerable.Range(0, width).Select(_ => Math.Tanh(Philox.Normal(5, RandomStream.Weights, (ulong)draw++)))];
    }
}
