using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Kernels.Population;
using Naf.Kernels.Replay;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What a population promises: nobody's numbers depend on threads, neighbours, or an interruption.</summary>
public sealed class NafPopulationTests
{
    private static readonly NafShape Shape = new(7, 3, [40, 31]);

    [Test]
    public void Results_do_not_depend_on_the_threads_bitwise([Values(2, 3)] int threads, [Values] bool batchNorm)
    {
        float[] expected = Train(Shape with { BatchNorm = batchNorm }, 1, [Settings(5)])[0];
        Assert.That(Train(Shape with { BatchNorm = batchNorm }, threads, [Settings(5)])[0], Is.EqualTo(expected));
    }

    [Test]
    public void Learners_of_a_population_are_those_of_single_runs_bitwise([Values(1, 2, 3)] int threads)
    {
        LearnerSettings[] learners = [Settings(5), Settings(6) with { LearningRate = 1e-2f }, Settings(7) with { RewardScale = 10, Tau = 0.1f }];
        float[][] together = Train(Shape, threads, learners);
        for (int k = 0; k < learners.Length; k++)
            Assert.That(together[k], Is.EqualTo(Train(Shape, 1, [learners[k]])[0]), $"learner {k}");
        Assert.That(together[0], Is.Not.EqualTo(together[1]));
    }

    [Test]
    public void A_loaded_population_goes_on_as_the_saved_one_bitwise([Values] bool batchNorm)
    {
        NafShape shape = Shape with { BatchNorm = batchNorm };
        using var device = new CpuDevice(1);
        using var first = new NafPopulation(device, shape, [], 16, 1000, [Settings(1), Settings(2)]);
        using var second = new NafPopulation(device, shape, [], 16, 1000, [Settings(1), Settings(2)]);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(first, k, 500, (ulong)k);
        first.Update(11);
        using var stream = new MemoryStream();
        first.Save(stream);
        stream.Position = 0;
        second.Load(stream);
        Assert.That(second.TakeReport(1), Is.EqualTo(first.TakeReport(1)));
        foreach (NafPopulation population in new[] { first, second })
        {
            // more than the capacity: the replay wraps around
            UpdateCheck.Fill(population, 1, 700, 9);
            population.Update(13);
        }
        for (int k = 0; k < 2; k++) Assert.That(Parameters(second, k), Is.EqualTo(Parameters(first, k)));
        Assert.That(second.TakeReport(1), Is.EqualTo(first.TakeReport(1)));
    }

    [Test]
    public void A_checkpoint_of_something_else_is_refused_with_its_reason()
    {
        using var device = new CpuDevice(1);
        using var population = new NafPopulation(device, Shape, [], 16, 1000, [Settings(1)]);
        using var stream = new MemoryStream();
        population.Save(stream);
        byte[] bytes = stream.ToArray();

        using var wider = new NafPopulation(device, Shape with { Hidden = [41, 31] }, [], 16, 1000, [Settings(1)]);
        Assert.That(() => wider.Load(new MemoryStream(bytes)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("[40,31]").And.Message.Contains("[41,31]"));
        using var other = new NafPopulation(device, Shape, [], 16, 1000, [Settings(2)]);
        Assert.That(() => other.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("seed 1"));
        using var more = new NafPopulation(device, Shape, [], 16, 1000, [Settings(1), Settings(2)]);
        Assert.That(() => more.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("1 learners"));
        using var larger = new NafPopulation(device, Shape, [], 16, 2000, [Settings(1)]);
        Assert.That(() => larger.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("replay_capacity=1000"));
        Assert.That(() => population.Load(new MemoryStream(bytes[..^1])), Throws.TypeOf<InvalidDataException>().With.Message.Contains("too early"));
        Assert.That(() => population.Load(new MemoryStream([1, 2, 3, 4, 5])), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void A_learner_that_overflows_stops_before_its_parameters_are_touched_and_the_others_go_on()
    {
        using var device = new CpuDevice(1);
        using var population = new NafPopulation(device, Shape, [], 16, 1000, [Settings(1), Settings(2)]);
        UpdateCheck.Fill(population, 0, 100, 1);
        UpdateCheck.Fill(population, 1, 100, 1);
        population.Update(5);
        for (int i = 0; i < 900; i++) population.Store(0, new float[7], new float[3], 1e30f, new float[7], false);
        float[] before = Parameters(population, 0);
        population.Update(5);
        Assert.That(population.TakeReport(0), Has.Property("Finite").False.And.Property("Updates").EqualTo(5));
        Assert.That(Parameters(population, 0), Is.EqualTo(before));
        Assert.That(population.TakeReport(1), Has.Property("Finite").True.And.Property("Updates").EqualTo(10));
        population.SetActive(0, true);
        population.Update(1);
        Assert.That(population.TakeReport(0).Updates, Is.EqualTo(5));
    }

    [Test]
    public void What_is_not_finite_or_of_the_wrong_length_is_never_stored()
    {
        using var device = new CpuDevice(1);
        using var population = new NafPopulation(device, Shape, [], 16, 1000, [Settings(1)]);
        var (x, u) = (new float[7], new float[3]);
        Assert.That(() => population.Store(0, [float.NaN, 0, 0, 0, 0, 0, 0], u, 0, x, false),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("not finite"));
        Assert.That(() => population.Store(0, x, u, float.PositiveInfinity, x, false),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("reward"));
        Assert.That(() => population.Store(0, x, u, 0, new float[6], false), Throws.ArgumentException.With.Message.Contains("expected 7"));
        Assert.That(population.ReplayCount(0), Is.Zero);
    }

    [Test]
    public void A_full_replay_keeps_the_newest()
    {
        using var device = new CpuDevice(1);
        using var population = new NafPopulation(device, Shape, [], 2, 5000, [Settings(1)]);
        for (int i = 0; i < 5003; i++) population.Store(0, new float[7], new float[3], i, new float[7], false);
        ReplayBuffer replay = population.LearnerAt(0).Replay;
        Assert.That(population.ReplayCount(0), Is.EqualTo(5000));
        unsafe { Assert.That(Enumerable.Range(0, 5).Select(i => replay.Row(i)[10]), Is.EqualTo(new float[] { 5000, 5001, 5002, 3, 4 })); }
    }

    [Test]
    public void Nothing_is_allocated_once_warm()
    {
        using var device = new CpuDevice(2);
        using var population = new NafPopulation(device, Shape, [], 16, 1000, [Settings(1), Settings(2)]);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 1000, 1);
        var (x, u) = (new float[7], new float[3]);
        Step(20);
        // the least of some rounds: the runtime allocates for itself now and then
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
    public void Everything_is_freed()
    {
        long before = HostBuffer.LiveBuffers;
        using (var device = new CpuDevice(2))
        using (var population = new NafPopulation(device, Shape with { BatchNorm = true }, [], 16, 10_000, [Settings(1), Settings(2)]))
            UpdateCheck.Fill(population, 0, 9000, 1);
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(before));
    }

    [Test]
    public void Settings_out_of_range_are_refused_by_name()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => new NafPopulation(device, Shape, [], 16, 8, [Settings(1)]),
            Throws.ArgumentException.With.Message.Contains("replay_capacity"));
        Assert.That(() => new NafPopulation(device, Shape, [], 16, 99, [Settings(1) with { Tau = 0 }]),
            Throws.ArgumentException.With.Message.Contains("tau"));
        Assert.That(() => new NafPopulation(device, Shape, [1, 2], 16, 99, [Settings(1)]),
            Throws.ArgumentException.With.Message.Contains("input scale"));
        Assert.That(() => new NafPopulation(device, Shape with { Action = 65 }, [], 16, 99, [Settings(1)]),
            Throws.ArgumentException.With.Message.Contains("65"));
    }

    private static LearnerSettings Settings(ulong seed) => new() { Seed = seed, Tau = 0.01f };

    private static float[][] Train(NafShape shape, int threads, LearnerSettings[] learners)
    {
        using var device = new CpuDevice(threads);
        using var population = new NafPopulation(device, shape, [], 19, 1000, learners);
        for (int k = 0; k < learners.Length; k++) UpdateCheck.Fill(population, k, 300, learners[k].Seed);
        population.Update(10);
        population.Update(10);
        return [.. Enumerable.Range(0, learners.Length).Select(k => Parameters(population, k))];
    }

    private static float[] Parameters(NafPopulation population, int learner)
    {
        Learner l = population.LearnerAt(learner);
        return [.. l.Parameters.Span, .. l.Target.Span, .. l.Statistics.Span, .. l.TargetStatistics.Span, .. l.FirstMoment.Span,
            .. l.SecondMoment.Span];
    }
}
