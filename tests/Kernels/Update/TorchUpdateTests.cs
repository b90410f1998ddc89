using Naf.Checks.Oracles;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using Naf.Torch;

namespace Naf.Tests;

/// <summary>The reference's complete update against PyTorch's autograd and Adam, both in double.</summary>
internal sealed class TorchUpdateTests
{
    [OneTimeSetUp]
    public void Load() => TorchNatives.Load();

    [TestCase(1, 1, new[] { 1 }, 1)]
    [TestCase(20, 6, new[] { 31, 17 }, 31)]
    [TestCase(443, 3, new[] { 31 }, 7)]
    [TestCase(3, 2, new[] { 20, 31, 5 }, 443)]
    public void Four_updates_are_those_of_PyTorch(int state, int action, int[] hidden, int size)
    {
        foreach ((string kind, Normalisation normalisation) in new[] { "", "paper", "trunk", "twin" }.SelectMany(
            kind => Enum.GetValues<Normalisation>().Select(normalisation => (kind, normalisation))))
        {
            // a batch of one has no variance for normalisation
            if (normalisation == Normalisation.Batch && size == 1) continue;
            var shape = new NafShape(state, action, [.. hidden], kind == "trunk", normalisation, kind == "twin");
            var settings = new LearnerSettings
            {
                Seed = 5, RewardScale = 2, ClipNorm = 1, Tau = 0.3f, LearningRate = 1e-2f, ActorLearningRate = 5e-3f,
                Gamma = 0.9f,
                Huber = kind == "twin" ? 0.7 : 0, NaturalGradient = kind != "paper",
            };
            using var learner = new Learner(shape, settings);
            Disturb(learner);
            using var reference = new LearnerOracle(shape, learner, [.. Enumerable.Repeat(1f, state)], size);
            using var torch = new TorchNaf(
                shape, settings, reference.Parameters, reference.Statistics, learner.TargetLimits);
            for (int k = 0; k < 4; k++)
            {
                double[] batch = Batch(size, state, action, (ulong)k);
                double expected = torch.Update(batch), largest = torch.Gradient.Max(Math.Abs);
                Assert.That(reference.Update(batch), Is.EqualTo(expected).Within(Tolerances.Autograd * expected));
                Assert.That(largest, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity));
                Equal(reference.Gradient, torch.Gradient, Tolerances.Autograd * largest);
                Equal(reference.Parameters, torch.Parameters, Tolerances.TorchParameters);
                Equal(reference.Target, torch.Target, Tolerances.TorchParameters);
                Equal(reference.Statistics, torch.Statistics, Tolerances.Autograd);
                Equal(reference.TargetStatistics, torch.TargetStatistics, Tolerances.Autograd);

                void Equal(double[] actual, double[] expected, double tolerance) =>
                    Assert.That(actual, Is.EqualTo(expected).Within(tolerance), $"{shape}, update {k}");
            }
        }
    }

    [Test]
    public void The_limits_of_values_and_errors_and_the_penalty_on_saturated_actions_take_part([Values] bool twin)
    {
        var shape = new NafShape(5, 3, [31], TwinValues: twin);
        var settings = new LearnerSettings
        {
            Seed = 5, RewardScale = 0.05, Gamma = 0.5, SaturationPenalty = 0.5, HeadScale = 9, LearningRate = 1e-2,
        };
        double[] batch = Batch(31, 5, 3, 1);
        double[] Gradient(LearnerSettings changed)
        {
            using var learner = new Learner(shape, changed);
            // a reward of ±1 allows values within ±0.1
            learner.Replay.Add(new float[5], new float[3], 1, new float[5], bootstrap: 1, first: 1);
            learner.Replay.Add(new float[5], new float[3], -1, new float[5], bootstrap: 1, first: -1);
            Assert.That(learner.ValueRange, Is.EqualTo((-0.1f, 0.1f)));
            using var reference = new LearnerOracle(shape, learner, [.. Enumerable.Repeat(1f, 5)], 31);
            using var torch = new TorchNaf(
                shape, changed, reference.Parameters, reference.Statistics, learner.TargetLimits);
            torch.Update(batch);
            reference.Update(batch);
            double largest = torch.Gradient.Max(Math.Abs);
            Assert.That(reference.Gradient, Is.EqualTo(torch.Gradient).Within(Tolerances.Autograd * largest));
            return torch.Gradient;
        }
        double[] both = Gradient(settings);
        Assert.That(Gradient(settings with { SaturationPenalty = 0 }), Is.Not.EqualTo(both).Within(1e-3));
        Assert.That(Gradient(settings with { BoundValues = false }), Is.Not.EqualTo(both).Within(1e-3));
        Assert.That(Gradient(settings with { Huber = 0.05 }), Is.Not.EqualTo(both).Within(1e-3));
        Assert.That(Gradient(settings with { NaturalGradient = false }), Is.Not.EqualTo(both).Within(1e-3));
    }

    // running statistics with which r and d of some units are at their bounds
    private static void Disturb(Learner learner)
    {
        int first = 0;
        foreach (MlpShape network in learner.Networks)
        {
            for (int l = 0; l < network.Layers && network.BatchNorm; l++)
                for (int j = 0; j < network.Hidden[l]; j++)
                {
                    int mean = first + network.Means(l) + j;
                    double z = Philox.Normal(3, RandomStream.Reset, (ulong)mean);
                    learner.Statistics.Span[mean] = (float)z;
                    learner.Statistics.Span[mean + MlpShape.Pad(network.Hidden[l])] = (float)(0.1 * Math.Exp(4 * z));
                }
            first += network.Statistics;
        }
        learner.Statistics.Span[..learner.TargetStatistics.Span.Length].CopyTo(learner.TargetStatistics.Span);
    }

    // rows [x | u | r | b | x′]: standard normal, u within ±1, every third episode ends
    private static double[] Batch(int size, int state, int action, ulong seed) =>
        [.. Enumerable.Range(0, size).SelectMany(m => Enumerable.Range(0, 2 * state + action + 2).Select(i =>
        {
            double z = Philox.Normal(seed, RandomStream.Reset, (ulong)m, (uint)i);
            return i == state + action + 1 ? (m % 3 == 1 ? 0 : 1) : i >= state && i < state + action ? Math.Tanh(z) : z;
        }))];
}
