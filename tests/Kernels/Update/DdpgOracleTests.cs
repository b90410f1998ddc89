using Naf.Checks.Oracles;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using Naf.Torch;

namespace Naf.Tests;

/// <summary>DDPG's update in double, which every device is compared with, against PyTorch and differences.</summary>
internal sealed class DdpgOracleTests
{
    [OneTimeSetUp]
    public void Load() => TorchNatives.Load();

    [TestCase(1, 1, new[] { 1, 1 }, 1, 0, Normalisation.None)]
    [TestCase(20, 6, new[] { 31, 17 }, 31, 0.7, Normalisation.None)]
    [TestCase(443, 3, new[] { 31, 20 }, 7, 0, Normalisation.None)]
    [TestCase(3, 17, new[] { 16, 31, 5 }, 443, 0.7, Normalisation.None)]
    [TestCase(20, 6, new[] { 31, 17 }, 31, 0, Normalisation.Layer)]
    [TestCase(3, 17, new[] { 16, 31, 5 }, 67, 0.7, Normalisation.Layer)]
    public void Four_updates_are_those_of_PyTorch(
        int state, int action, int[] hidden, int size, double huber, Normalisation normalisation)
    {
        var shape = new DdpgShape(state, action, [.. hidden], normalisation);
        var settings = new LearnerSettings
        {
            Seed = 5, RewardScale = 2, ClipNorm = 1, Tau = 0.3f, LearningRate = 1e-2f, ActorLearningRate = 3e-3f,
            Gamma = 0.9f, HeadScale = 9, SaturationPenalty = 0.1, Huber = huber,
        };
        using var learner = new Learner(shape, settings);
        // rewards of ±0.1 limit Q′ to ±2, and m is beyond ±2
        foreach (float reward in new[] { 0.1f, -0.1f })
            learner.Replay.Add(
                new float[state], new float[action], reward, new float[state], bootstrap: 1, first: reward);
        using var reference = new LearnerOracle(shape, learner, [.. Enumerable.Repeat(1f, state)], size);
        using var torch = new TorchDdpg(shape, settings, reference.Parameters, learner.TargetLimits);
        for (int k = 0; k < 4; k++)
        {
            double[] batch = Batch(size, state, action, (ulong)k);
            double expected = torch.Update(batch), largest = torch.Gradient.Max(Math.Abs);
            Assert.That(reference.Update(batch), Is.EqualTo(expected).Within(Tolerances.Autograd * expected));
            Equal(reference.Gradient, torch.Gradient, Tolerances.Autograd * largest);
            Equal(reference.Parameters, torch.Parameters, Tolerances.TorchParameters);
            Equal(reference.Target, torch.Target, Tolerances.TorchParameters);

            void Equal(double[] actual, double[] expected, double tolerance) =>
                Assert.That(actual, Is.EqualTo(expected).Within(tolerance), $"{shape}, update {k}");
        }
    }

    [Test]
    public void The_limits_of_values_and_errors_and_the_penalty_on_saturated_actions_take_part()
    {
        var shape = new DdpgShape(5, 3, [31, 20]);
        var settings = new LearnerSettings
        {
            Seed = 5, RewardScale = 0.05, Gamma = 0.5, SaturationPenalty = 0.5, HeadScale = 9,
        };
        double[] batch = Batch(31, 5, 3, 1), both = Gradient(settings);
        int critic = shape.Networks()[DdpgShape.Critic].Parameters;
        double[] free = Gradient(settings with { SaturationPenalty = 0 }),
            unlimited = Gradient(settings with { BoundValues = false }),
            limited = Gradient(settings with { Huber = 0.05 });
        Assert.That(free[critic..], Is.Not.EqualTo(both[critic..]).Within(1e-3), "the penalty is the actor's");
        Assert.That(free[..critic], Is.EqualTo(both[..critic]));
        Assert.That(unlimited[..critic], Is.Not.EqualTo(both[..critic]).Within(1e-3), "the limits are the critic's");
        Assert.That(unlimited[critic..], Is.EqualTo(both[critic..]));
        Assert.That(limited[..critic], Is.Not.EqualTo(both[..critic]).Within(1e-3), "so are the limits of errors");
        Assert.That(limited[critic..], Is.EqualTo(both[critic..]));

        double[] Gradient(LearnerSettings changed)
        {
            using var learner = new Learner(shape, changed);
            // rewards of ±1 allow values within ±0.1
            foreach (float reward in new[] { 1f, -1f })
                learner.Replay.Add(new float[5], new float[3], reward, new float[5], bootstrap: 1, first: reward);
            using var reference = new LearnerOracle(shape, learner, [.. Enumerable.Repeat(1f, 5)], 31);
            using var torch = new TorchDdpg(shape, changed, reference.Parameters, learner.TargetLimits);
            torch.Update(batch);
            reference.Update(batch);
            double largest = torch.Gradient.Max(Math.Abs);
            Assert.That(reference.Gradient, Is.EqualTo(torch.Gradient).Within(Tolerances.Autograd * largest));
            return torch.Gradient;
        }
    }

    // without a step the loss of the critic is a function of its parameters, and mean Q and the penalty of the actor's
    [Test]
    public void The_gradient_is_the_difference_of_both_losses()
    {
        const double h = 1e-6;
        const int size = 7;
        var shape = new DdpgShape(3, 2, [5, 4]);
        // m is within ±2 for some samples and beyond for others
        var settings = new LearnerSettings { Seed = 5, Gamma = 0.9, HeadScale = 5, SaturationPenalty = 0.1 };
        using var learner = new Learner(shape, settings);
        // observations that float32 holds
        double[] batch = [.. Batch(size, 3, 2, 1).Select(v => (double)(float)v)], gradient = Gradient();
        float[] x = [.. batch.Chunk(10).SelectMany(row => row[..3]).Select(v => (float)v)];
        int critic = shape.Networks()[0].Parameters;
        double largest = gradient.Max(Math.Abs);
        for (int i = 0; i < gradient.Length; i++)
        {
            float before = learner.Parameters.Span[i];
            // float32 parameters: exact steps
            double step = Math.Max(h, Math.ScaleB(1, Math.ILogB(before == 0 ? 1 : Math.Abs(before)) - 18));
            float high = (float)(before + step), low = (float)(before - step);
            learner.Parameters.Span[i] = high;
            double above = Loss(i < critic);
            learner.Parameters.Span[i] = low;
            double below = Loss(i < critic);
            learner.Parameters.Span[i] = before;
            double slope = (above - below) / ((double)high - low);
            Assert.That(gradient[i], Is.EqualTo(slope).Within(1e-5 * Math.Max(1, largest)), $"parameter {i}");
        }
        Assert.That(gradient.Count(g => g != 0), Is.GreaterThan(60));
        using (LearnerOracle reference = Reference())
        {
            double[] m = [.. reference.Outputs(DdpgShape.Actor, x, []).Select(Math.Abs)];
            Assert.That((m.Min() < 2, m.Max() > 2), Is.EqualTo((true, true)), string.Join(' ', m));
        }

        double[] Gradient()
        {
            using LearnerOracle reference = Reference();
            reference.Update(batch);
            return reference.Gradient;
        }

        double Loss(bool ofCritic)
        {
            using LearnerOracle reference = Reference();
            if (!ofCritic)
            {
                double[] m = reference.Outputs(DdpgShape.Actor, x, []), mu = [.. m.Select(Math.Tanh)];
                double penalty = settings.SaturationPenalty / size
                    * m.Sum(v => Math.Pow(Math.Max(Math.Abs(v) - 2, 0), 2));
                return penalty - reference.Outputs(DdpgShape.Critic, x, mu).Average();
            }
            return reference.Update(batch);
        }

        // targets stay: they are copies of their own
        LearnerOracle Reference() => new(shape, learner, [1, 1, 1], size);
    }

    // rows [x | u | r | b | x′]: standard normal, u within ±1, every third episode ends
    private static double[] Batch(int size, int state, int action, ulong seed) =>
        [.. Enumerable.Range(0, size).SelectMany(m => Enumerable.Range(0, 2 * state + action + 2).Select(i =>
        {
            double z = Philox.Normal(seed, RandomStream.Reset, (ulong)m, (uint)i);
            return i == state + action + 1 ? (m % 3 == 1 ? 0 : 1) : i >= state && i < state + action ? Math.Tanh(z) : z;
        }))];
}
