using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>DDPG on the CPU: threads, neighbours, checkpoints of other learners, and a known solution.</summary>
internal sealed class DdpgPopulationTests
{
    private static readonly DdpgShape Shape = new(7, 3, [40, 31]);

    [Test]
    public void Learners_of_a_population_are_those_of_single_runs_on_any_threads_bitwise(
        [Values(1, 2, 3)] int threads, [Values(Normalisation.None, Normalisation.Layer)] Normalisation normalisation)
    {
        DdpgShape shape = Shape with { Normalisation = normalisation };
        LearnerSettings first = new() { Seed = 5, BatchSize = 19, ReplayCapacity = 1000 };
        LearnerSettings[] learners =
        [
            first, first with { Seed = 6, LearningRate = 1e-2, ClipNorm = 0.5 },
            first with { Seed = 7, ActorLearningRate = 1e-2 },
        ];
        float[][] together = Train(shape, threads, learners);
        for (int k = 0; k < learners.Length; k++)
        {
            float[] alone = Train(shape, 1, [learners[k]])[0];
            Assert.That(together[k], Is.EqualTo(alone), $"learner {k}");
            Assert.That(Train(shape, threads, [learners[k]])[0], Is.EqualTo(alone), $"learner {k} alone");
        }
    }

    [Test]
    public void The_actor_has_a_learning_rate_of_its_own()
    {
        LearnerSettings slow = new() { Seed = 5, BatchSize = 19, ReplayCapacity = 1000, ActorLearningRate = 1e-9 };
        LearnerSettings frozen = slow with { LearningRate = 1e-9, ActorLearningRate = 1e-2 };
        int critic = Shape.Networks()[DdpgShape.Critic].Parameters;
        using var born = new Learner(Shape, slow);
        float[] before = born.Parameters.Span.ToArray(), first = Train(Shape, 1, [slow])[0],
            second = Train(Shape, 1, [frozen])[0];
        Assert.That(Moved(first, before, critic, before.Length), Is.LessThan(1e-6));
        Assert.That(Moved(first, before, 0, critic), Is.GreaterThan(1e-3));
        Assert.That(Moved(second, before, 0, critic), Is.LessThan(1e-6));
        Assert.That(Moved(second, before, critic, before.Length), Is.GreaterThan(1e-3));

        static double Moved(float[] to, float[] from, int first, int end) =>
            Enumerable.Range(first, end - first).Max(i => Math.Abs(to[i] - from[i]));
    }

    [Test]
    public void A_checkpoint_of_NAF_is_refused_with_its_reason()
    {
        using var device = new CpuDevice(1);
        LearnerSettings[] settings = [new() { Seed = 1, BatchSize = 16, ReplayCapacity = 100 }];
        using LearnerPopulation ddpg = LearnerPopulation.Create(device, Shape, [], settings),
            naf = LearnerPopulation.Create(device, NafUpdateTests.Shape(7, 3, "40,31"), [], settings);
        Assert.That(() => ddpg.Serialise(Saved.By(naf.Serialise)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("DDPG 7-[40,31]-{1,3}"));
    }

    [TestCase(0.4, 0.5, 0.9)]
    [TestCase(0.8, 1, 0.7)]
    public void The_learned_policy_is_the_optimal_gain(double b, double r, double gamma)
    {
        // x′ = A x + B u, r = −½ (x² + R u²), γ: maximise the discounted sum
        const double a = 0.9;
        double p = 1;
        for (int i = 0; i < 1000; i++)
            p = 1 + gamma * a * a * p - Math.Pow(gamma * a * b * p, 2) / (r + gamma * b * b * p);
        double gain = -gamma * a * b * p / (r + gamma * b * b * p);

        using var device = new CpuDevice(1);
        var settings = new LearnerSettings
        {
            Seed = 1, Gamma = gamma, Tau = 0.02, ReplayCapacity = 10_000, ActorLearningRate = 1e-3,
        };
        var shape = new DdpgShape(1, 1, [100, 100]);
        using LearnerPopulation coarse = LearnerPopulation.Create(device, shape, [], [settings]),
            fine = LearnerPopulation.Create(
                device, shape, [], [settings with { LearningRate = 1e-4, ActorLearningRate = 1e-4 }]);
        for (int i = 0; i < 5000; i++)
        {
            double s = 3 * Philox.Uniform(1, RandomStream.Reset, (ulong)i) - 1.5,
                v = 2 * Philox.Uniform(1, RandomStream.RandomPolicy, (ulong)i) - 1;
            coarse.Store(0, [(float)s], [(float)v], (float)(-0.5 * (s * s + r * v * v)), [(float)(a * s + b * v)],
                terminal: false);
        }
        // a smaller step at the end: the slope of Q in u is small around its maximum
        coarse.Update(6000);
        fine.Serialise(Saved.By(coarse.Serialise));
        fine.Update(6000);
        // the line u = slope x + middle through the policy
        float[] x = [.. Enumerable.Range(-40, 81).Select(i => 0.02f * i)], u = new float[81];
        for (int i = 0; i < x.Length; i++) fine.Act(0, [x[i]], u.AsSpan(i, 1));
        double slope = x.Zip(u, (xi, ui) => xi * ui).Sum() / x.Sum(xi => xi * xi);
        Assert.That(slope, Is.EqualTo(gain).Within(Tolerances.LearnedGain), $"{u.Average()}");
        Assert.That(u.Average(), Is.Zero.Within(Tolerances.LearnedGain), $"{slope}");
    }

    private static float[][] Train(DdpgShape shape, int threads, LearnerSettings[] learners)
    {
        using var device = new CpuDevice(threads);
        using LearnerPopulation population = LearnerPopulation.Create(device, shape, [], learners);
        for (int k = 0; k < learners.Length; k++) UpdateCheck.Fill(population, k, 300, learners[k].Seed);
        population.Update(20);
        return [.. Enumerable.Range(0, learners.Length).Select(k =>
        {
            Learner l = population.LearnerAt(k);
            return (float[])[.. l.Parameters.Span, .. l.Target.Span, .. l.FirstMoment.Span, .. l.SecondMoment.Span];
        })];
    }
}
