using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Replay;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What the rollouts of several learners owe each other, the threads, the replay and the caller.</summary>
public sealed class ImaginationRolloutsTests
{
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30, bound: 1.2);
    private static readonly NafShape Shape = new(8, 2, [40, 24]);
    private static readonly RolloutSettings Each = new() { Rollouts = 443, Steps = 6, ActionNoise = 0.2f };

    private static unsafe float[] Rows(RolloutTrial trial, int learner)
    {
        ReplayBuffer replay = trial.Imagined(learner);
        return replay.Count == 0 ? [] : new ReadOnlySpan<float>(replay.Row(0), replay.Count * replay.RowLength).ToArray();
    }

    [Test]
    public void Neither_threads_nor_other_learners_change_a_bit()
    {
        RolloutSettings still = Each with { SampleDynamics = false, ActionNoise = 0 };
        RolloutSettings[] settings = [Each with { Rollouts = 31 }, Each, Each with { Steps = 1 }, still];
        using var together = new RolloutTrial(new CpuDevice(3), Task, Shape, settings, firstSeed: 40, capacity: 5000);
        for (int round = 0; round < 5; round++) together.Run();
        for (int k = 0; k < settings.Length; k++)
        {
            using var alone = new RolloutTrial(new CpuDevice(1), Task, Shape, [settings[k]], firstSeed: 40 + (ulong)k, capacity: 5000);
            for (int round = 0; round < 5; round++) alone.Run();
            Assert.That(Rows(together, k), Is.EqualTo(Rows(alone, 0)), $"learner {k}");
            Assert.That(together.Rollouts.Report(k), Is.EqualTo(alone.Rollouts.Report(0)));
        }
    }

    [TestCase(100)]
    [TestCase(1000)]
    [TestCase(2500)]
    public void The_newest_rows_stay_in_their_places(int capacity)
    {
        using var small = new RolloutTrial(new CpuDevice(2), Task, Shape, [Each], capacity: capacity);
        using var large = new RolloutTrial(new CpuDevice(1), Task, Shape, [Each], capacity: 100_000);
        for (int round = 0; round < 3; round++)
        {
            small.Rollouts.Starts(0).FirstNumber = large.Rollouts.Starts(0).FirstNumber = (ulong)(1000 * round);
            small.Run();
            large.Run();
        }
        (float[] kept, float[] all, int row) = (Rows(small, 0), Rows(large, 0), Task.RowLength);
        Assert.That(all.Length / row, Is.GreaterThan(capacity).And.EqualTo(large.Imagined(0).Count));
        Assert.That(kept.Length / row, Is.EqualTo(capacity));
        for (int i = all.Length / row - capacity; i < all.Length / row; i++)
            Assert.That(kept.AsSpan(i % capacity * row, row).SequenceEqual(all.AsSpan(i * row, row)), Is.True, $"row {i}");
    }

    [Test]
    public void Other_numbers_of_rollouts_are_other_rollouts()
    {
        using var trial = new RolloutTrial(new CpuDevice(1), Task, Shape, [Each], capacity: 100_000);
        trial.Run();
        long first = trial.Rollouts.Report(0).Steps;
        trial.Rollouts.Starts(0).FirstNumber += 443;
        trial.Run();
        float[] rows = Rows(trial, 0);
        int row = Task.RowLength;
        Assert.That(rows.AsSpan(0, 8).SequenceEqual(rows.AsSpan((int)first * row, 8)), Is.True, "the starts are the same");
        Assert.That(rows.AsSpan(8, 2).SequenceEqual(rows.AsSpan((int)first * row + 8, 2)), Is.False, "the noise is not");
    }

    [Test]
    public void A_call_allocates_nothing_once_the_replays_have_grown()
    {
        using var trial = new RolloutTrial(new CpuDevice(1), Task, Shape, [Each, Each]);
        for (int round = 0; round < 3; round++) trial.Run();
        long before = GC.GetAllocatedBytesForCurrentThread(), buffers = HostBuffer.LiveBytes;
        for (int round = 0; round < 10; round++) trial.Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(HostBuffer.LiveBytes, Is.EqualTo(buffers));
    }

    [Test]
    public void All_memory_is_given_back()
    {
        long before = HostBuffer.LiveBuffers;
        using (var trial = new RolloutTrial(new CpuDevice(2), Task, Shape, [Each, Each])) trial.Run();
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(before));
    }

    [Test]
    public void Where_the_device_fails_the_starts_are_given_back()
    {
        long before = HostBuffer.LiveBuffers;
        using (var learner = new Learner(Shape, new LearnerSettings(), 1, 10))
            Assert.That(() => new ImaginationRollouts(Shape, Task, [Each], [learner], () => throw new DeviceException("full")),
                Throws.TypeOf<DeviceException>());
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(before));
    }

    [Test]
    public void A_stopped_learner_imagines_nothing_and_no_rollouts_are_none()
    {
        using var trial = new RolloutTrial(new CpuDevice(2), Task, Shape, [Each, Each]);
        trial.Learner(0).Stop();
        trial.Rollouts.Starts(1).Count = 0;
        Assert.That(trial.Run(), Is.Zero);
        Assert.That((trial.Imagined(0).Count, trial.Imagined(1).Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public void What_cannot_be_imagined_is_refused_with_the_remedy()
    {
        using var trial = new RolloutTrial(new CpuDevice(1), Task, Shape, [Each]);
        ImaginationRollouts rollouts = trial.Rollouts;
        Assert.That(() => rollouts.SetDynamics(0, new float[7]), Throws.ArgumentException.With.Message.Contains("7 numbers"));
        rollouts.Starts(0).Time[5] = -1;
        Assert.That(() => trial.Run(), Throws.ArgumentException.With.Message.Contains("time step -1"));
        rollouts.Starts(0).Count = 444;
        Assert.That(() => trial.Run(), Throws.ArgumentException.With.Message.Contains("444"));
        Assert.That(() => rollouts.SetSettings(0, Each with { Rollouts = 444 }), Throws.ArgumentException.With.Message.Contains("444"));
        Assert.That(() => rollouts.SetSettings(0, Each with { Low = [0, 1] }), Throws.ArgumentException.With.Message.Contains("low"));
        Assert.That(() => rollouts.SetSettings(0, Each with { Steps = 0 }), Throws.ArgumentException.With.Message.Contains("steps = 0"));
        Assert.That(() => new RolloutDefinition(Task.Coordinates, Task.Observation, Task.Reward, new DynamicsShape(30, 9, 2)),
            Throws.ArgumentException.With.Message.Contains("9 entries"));
    }

    [Test]
    public void The_benchmark_checks_and_reports()
    {
        using var device = new CpuDevice(1);
        RolloutBenchmarkResult result = RolloutBenchmark.Run(device, new RolloutBenchmarkSettings { Rollouts = 64, Seconds = 0.1, Rounds = 1 });
        Assert.That(result.ImaginedStepsPerSecond, Is.Positive);
        Assert.That(result.Error, Is.LessThan(Tolerances.ImaginedRow));
    }
}
