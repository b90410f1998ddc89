using Naf.Gpu.Cpu;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Settings;

namespace Naf.Tests;

/// <summary>A problem with a known solution: NAF must find the gain of the linear-quadratic regulator.</summary>
internal sealed class LinearQuadraticTests
{
    [Test]
    public void The_learned_policy_is_the_optimal_gain()
    {
        // x′ = A x + B u, r = −½ (x² + R u²), γ: maximise the discounted sum
        const double a = 0.9, b = 0.4, r = 0.5, gamma = 0.9;
        double p = 1;
        for (int i = 0; i < 1000; i++)
            p = 1 + gamma * a * a * p - Math.Pow(gamma * a * b * p, 2) / (r + gamma * b * b * p);
        double gain = -gamma * a * b * p / (r + gamma * b * b * p);

        using var device = new CpuDevice(1);
        var settings = new LearnerSettings { Seed = 1, Gamma = gamma, Tau = 0.02, ReplayCapacity = 10_000 };
        using LearnerPopulation population =
            LearnerPopulation.Create(device, new NafShape(1, 1, [64, 64]), [], [settings]);
        for (int i = 0; i < 5000; i++)
        {
            // wider than the states tested below, so that V is known at their successors
            double x = 3 * Philox.Uniform(1, RandomStream.Reset, (ulong)i) - 1.5,
                u = 2 * Philox.Uniform(1, RandomStream.RandomPolicy, (ulong)i) - 1;
            population.Store(0, [(float)x], [(float)u], (float)(-0.5 * (x * x + r * u * u)), [(float)(a * x + b * u)],
                terminal: false);
        }
        population.Update(10_000);

        var action = new float[1];
        foreach (float x in new[] { -0.8f, -0.4f, 0.2f, 0.6f })
        {
            population.Act(0, [x], action);
            Assert.That(action[0], Is.EqualTo(gain * x).Within(Tolerances.LearnedGain), $"u({x}), optimal gain {gain}");
        }
    }
}
