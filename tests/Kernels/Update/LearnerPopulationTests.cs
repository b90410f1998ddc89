using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Replay;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>A learner's results in a population do not depend on threads, neighbours, or an interruption.</summary>
internal sealed class LearnerPopulationTests
{
    private static readonly CpuDevice Processor = new(2);
    private static readonly NafShape Shape = new(7, 3, [40, 31]);

    [Test]
    public void Learners_of_a_population_are_those_of_single_runs_on_any_threads_bitwise(
        [Values(1, 2, 3)] int threads, [Values] Normalisation normalisation, [Values] bool twin)
    {
        NafShape shape = Shape with { Normalisation = normalisation, TwinValues = twin };
        LearnerSettings[] learners =
            [Settings(5), Settings(6) with { LearningRate = 1e-2f }, Settings(7) with { RewardScale = 10, Tau = 0.1f }];
        float[][] together = Train(shape, threads, learners);
        for (int k = 0; k < learners.Length; k++)
        {
            float[] alone = Train(shape, 1, [learners[k]])[0];
            Assert.That(together[k], Is.EqualTo(alone), $"learner {k}");
            Assert.That(Train(shape, threads, [learners[k]])[0], Is.EqualTo(alone), $"learner {k} alone");
        }
        Assert.That(together[0], Is.Not.EqualTo(together[1]));
    }

    [Test]
    public void A_report_does_not_depend_on_threads()
    {
        // squares in several chunks, of which some are so much smaller than others that their sum is rounded
        NafShape shape = Shape with { Hidden = [100, 100] };
        LearnerSettings settings = Settings(5) with { HeadScale = 1e-5, LearningRate = 1e-9 };
        LearnerReport[] reports = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using LearnerPopulation population = LearnerPopulation.Create(device, shape, [], [settings]);
            UpdateCheck.Fill(population, 0, 300, 5);
            population.Update(200);
            return population.TakeReport(0);
        })];
        Assert.That(reports, Has.All.EqualTo(reports[0]));
    }

    [Test]
    public void A_checkpoint_of_something_else_is_refused_with_its_reason()
    {
        NafShape wide = Shape with { Hidden = [41, 31] };
        using LearnerPopulation population = Population(Shape, 1000, 1), wider = Population(wide, 1000, 1);
        using LearnerPopulation other = Population(Shape, 1000, 2), more = Population(Shape, 1000, 1, 2);
        using LearnerPopulation larger = Population(Shape, 2000, 1);
        using LearnerPopulation twin = Population(Shape with { TwinValues = true }, 1000, 1);
        IsRefused(wider, "7-[40,31]-{1,3,6} and this run 7-[41,31]");
        IsRefused(twin, "7-[40,31]-{1,3,6} and this run 7-[40,31]-{1,3,6} twin values");
        IsRefused(other, "seeds 1 and this run 2");
        IsRefused(more, "seeds 1 and this run 1, 2");
        IsRefused(larger, "replay.capacity 1000 and this run 2000");
        Assert.That(() => population.Serialise(Saved.By(static _ => { })),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("it has no text networks"));

        void IsRefused(LearnerPopulation by, string reason) => Assert.That(
            () => by.Serialise(Saved.By(population.Serialise)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(reason));
    }

    [Test]
    public void What_is_not_finite_or_of_the_wrong_length_is_never_stored()
    {
        using LearnerPopulation population = Population(Shape, 1000, 1);
        var (x, u) = (new float[7], new float[3]);
        Assert.That(() => population.Store(0, [float.NaN, 0, 0, 0, 0, 0, 0], u, 0, x, false),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("not finite"));
        Assert.That(() => population.Store(0, x, u, float.PositiveInfinity, x, false),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("reward"));
        Assert.That(() => population.Store(0, x, u, 0, new float[6], false),
            Throws.ArgumentException.With.Message.Contains("expected 7"));
        Assert.That(population.ReplayCount(0), Is.Zero);
    }

    [Test]
    public void A_full_replay_keeps_the_newest()
    {
        using LearnerPopulation population = Population(Shape, 5000, 1);
        for (int i = 0; i < 5003; i++) population.Store(0, new float[7], new float[3], i, new float[7], false);
        ReplayBuffer replay = population.LearnerAt(0).Replay;
        Assert.That(population.ReplayCount(0), Is.EqualTo(5000));
        float[] rewards = [.. Enumerable.Range(0, 5).Select(i => replay.RowSpan(i)[10])];
        Assert.That(rewards, Is.EqualTo(new float[] { 5000, 5001, 5002, 3, 4 }));
    }

    [Test]
    public void Nothing_is_allocated_once_warm([Values] bool twin)
    {
        using LearnerPopulation population = Population(Shape with { TwinValues = twin }, 1000, 1, 2);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 1000, 1);
        var (x, u) = (new float[7], new float[3]);
        Step(20);
        // the minimum over some rounds, since the runtime allocates occasionally
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Step(100);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.That(least, Is.LessThan(100), "bytes in 100 steps");

        void Step(int count)
        {
            for (int i = 0; i < count; i++)
            {
                population.Act(0, x, u);
                population.Store(0, x, u, 0, x, false);
                population.Update(2);
                population.TakeReport(0);
            }
        }
    }

    [Test]
    public void Sizes_out_of_range_are_refused_by_name()
    {
        IsRefused("input scale", () => LearnerPopulation.Create(Processor, Shape, [1, 2], [Settings(1)]));
        IsRefused("65", () => Population(Shape with { Action = 65 }, 99, 1));
        IsRefused("leave out one", () => Population(Shape with { SharedTrunk = true, TwinValues = true }, 99, 1));

        static void IsRefused(string name, Func<LearnerPopulation> population) =>
            Assert.That(population, Throws.ArgumentException.With.Message.Contains(name));
    }

    private static LearnerPopulation Population(NafShape shape, int capacity, params ulong[] seeds) =>
        LearnerPopulation.Create(
            Processor, shape, [],
            [.. seeds.Select(seed => Settings(seed) with { BatchSize = 16, ReplayCapacity = capacity })]);

    private static LearnerSettings Settings(ulong seed) => new() { Seed = seed, BatchSize = 19, ReplayCapacity = 1000 };

    private static float[][] Train(NafShape shape, int threads, LearnerSettings[] learners)
    {
        using var device = new CpuDevice(threads);
        using LearnerPopulation population = LearnerPopulation.Create(device, shape, [], learners);
        for (int k = 0; k < learners.Length; k++) UpdateCheck.Fill(population, k, 300, learners[k].Seed);
        population.Update(10);
        population.Update(10);
        return [.. Enumerable.Range(0, learners.Length).Select(k => Parameters(population, k))];
    }

    private static float[] Parameters(LearnerPopulation population, int learner)
    {
        Learner l = population.LearnerAt(learner);
        return
        [
            .. l.Parameters.Span, .. l.Target.Span, .. l.Statistics.Span, .. l.TargetStatistics.Span,
            .. l.FirstMoment.Span, .. l.SecondMoment.Span,
        ];
    }
}
