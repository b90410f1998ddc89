using Naf.Checks.Comparisons;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Rollout;

namespace Naf.Tests;

/// <summary>
/// Rollouts on every device against the reference in double precision, on awkward sizes, and their independence of
/// other learners, threads and the replay.
/// </summary>
internal sealed class ImaginationRolloutsTests(string name) : EveryDeviceFixture(name)
{
    private static readonly RolloutSettings Noisy = new() { Rollouts = 443, Steps = 5, ActionNoise = 0.3f };
    private static readonly RolloutDefinition Chain = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30, bound: 1.2);

    private static RolloutTrial Trial(
        Device device, RolloutDefinition task, RolloutSettings[] settings, ulong firstSeed = 5, int capacity = 0,
        int rows = 0, bool trunk = false, Normalisation normalisation = Normalisation.None)
    {
        var shape = new NafShape(task.Observation.Size, task.Dynamics.Action, [31, 17], trunk, normalisation);
        RolloutPlan? plan =
            rows > 0 && device is GpuDevice gpu ? new RolloutPlan(rows, Math.Min(16, gpu.Limits.GroupThreads)) : null;
        return new RolloutTrial(device, task, shape, settings, firstSeed, capacity, plan);
    }

    private static float[][] Rows(RolloutTrial trial, int learner) =>
        [.. trial.Imagined(learner).Rows.ToArray().Chunk(trial.Rollouts.Definition.RowLength)];

    [Test, Pairwise]
    public void Every_entry_and_reward_is_that_of_the_reference(
        [Values(1, 31, 443)] int rollouts, [Values] bool trunk,
        [Values] Normalisation normalisation)
    {
        RolloutSettings settings = Noisy with { Rollouts = rollouts };
        using RolloutTrial trial =
            Trial(Device, RolloutTasks.Everything(), [settings], trunk: trunk, normalisation: normalisation);
        RolloutStarts starts = trial.Rollouts.Starts(0);
        // non-finite numbers appear in the observation
        if (rollouts > 1) (starts.State[3], starts.Constants[^1]) = (float.NaN, float.NaN);
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(KernelError.Agrees)).True);
    }

    [Test]
    public void A_task_s_rollouts_are_those_of_the_reference(
        [Values("cartpole", "reacher", "ant", "walker2d", "gripper-moving")] string task, [Values] bool sample)
    {
        RolloutSettings settings = Noisy with { Rollouts = 31, SampleDynamics = sample };
        using RolloutTrial trial = Trial(Device, RolloutTasks.BuiltIn(task), [settings]);
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(KernelError.Agrees)).True);
    }

    [TestCase(8)]
    [TestCase(32)]
    [TestCase(64)]
    public void Bounds_horizon_and_terminal_states_end_rollouts_as_in_the_reference(int rows)
    {
        RolloutDefinition task = RolloutTasks.Chain(9, action: 2, horizon: 7, bound: 0.5, terminationReward: -3);
        float[] low = [.. Enumerable.Repeat(-0.9f, 18)], high = [.. Enumerable.Repeat(float.PositiveInfinity, 18)];
        RolloutSettings settings = Noisy with { Steps = 9, Low = [.. low], High = [.. high] };
        using RolloutTrial trial = Trial(Device, task, [settings], rows: rows);
        RolloutStarts starts = trial.Rollouts.Starts(0);
        for (int m = 0; m < starts.Capacity; m++) starts.Time[m] = m % 9;
        starts.State[^1] = float.NaN;
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(KernelError.Agrees)).True);
        Assert.That(trial.Rollouts.Report(0).Cuts, Is.InRange(20, 400), "the bounds should cut some");
        int terminal = Rows(trial, 0).Count(row => row[18 + 2 + 1] == 0);
        Assert.That(terminal, Is.InRange(20, 400), "and the task's bound end some");
    }

    [Test]
    public void The_same_call_gives_the_same_bits_and_neither_threads_nor_other_learners_change_any()
    {
        RolloutSettings still = Noisy with { SampleDynamics = false, ActionNoise = 0 };
        RolloutSettings[] settings = [Noisy with { Rollouts = 31 }, Noisy, Noisy with { Steps = 1 }, still];
        using Device three = new CpuDevice(3), one = new CpuDevice(1);
        using RolloutTrial together = Trial(OnCpu ? three : Device, Chain, settings, capacity: 3000, rows: 16);
        for (int round = 0; round < 3; round++) together.Run();
        for (int k = 0; k < settings.Length; k++)
        {
            using RolloutTrial alone =
                Trial(OnCpu ? one : Device, Chain, [settings[k]], firstSeed: 5 + (ulong)k, capacity: 3000, rows: 16);
            for (int round = 0; round < 3; round++) alone.Run();
            Assert.That(Rows(together, k), Is.EqualTo(Rows(alone, 0)), $"learner {k}");
            Assert.That(together.Rollouts.Report(k), Is.EqualTo(alone.Rollouts.Report(0)));
        }
    }

    [TestCase(100)]
    [TestCase(1000)]
    [TestCase(2500)]
    public void The_newest_rows_stay_in_their_places(int capacity)
    {
        RolloutSettings[] settings = [Noisy, Noisy with { Rollouts = 31 }];
        using var cpu = new CpuDevice(1);
        using RolloutTrial small = Trial(Device, Chain, settings, capacity: capacity);
        using RolloutTrial large = Trial(cpu, Chain, settings, capacity: 100_000);
        for (int round = 0; round < 3; round++)
            foreach (RolloutTrial trial in (RolloutTrial[])[small, large])
            {
                trial.Rollouts.Starts(0).FirstNumber = (ulong)(1000 * round);
                trial.Run();
            }
        for (int k = 0; k < 2; k++)
        {
            (float[][] kept, float[][] all) = (Rows(small, k), Rows(large, k));
            double tolerance = OnCpu ? 0 : Tolerances.ImaginedRow;
            Assert.That(kept, Has.Length.EqualTo(Math.Min(all.Length, capacity)));
            Assert.That(small.Imagined(k).Newest, Is.EqualTo((all.Length - 1) % capacity));
            for (int i = all.Length - kept.Length; i < all.Length; i++)
                Assert.That(kept[i % capacity], Is.EqualTo(all[i]).Within(tolerance), $"row {i}");
        }
        Assert.That(small.Imagined(0).Count, Is.EqualTo(capacity));
    }

    [Test]
    public void Other_numbers_of_rollouts_are_other_rollouts()
    {
        using RolloutTrial trial = Trial(Device, Chain, [Noisy], capacity: 100_000);
        trial.Run();
        long first = trial.Rollouts.Report(0).Steps;
        trial.Rollouts.Starts(0).FirstNumber += 443;
        trial.Run();
        (float[] before, float[] after) = (Rows(trial, 0)[0], Rows(trial, 0)[first]);
        Assert.That(after[..8], Is.EqualTo(before[..8]), "the starts are the same");
        Assert.That(after[8..10], Is.Not.EqualTo(before[8..10]), "the noise is not");
    }

    [Test]
    public void A_stopped_learner_imagines_nothing_and_no_rollouts_are_none()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30);
        using RolloutTrial trial = Trial(Device, task, [Noisy, Noisy, Noisy with { Rollouts = 1 }]);
        trial.Learner(0).Stop();
        trial.Rollouts.Starts(1).Count = 0;
        Assert.That(trial.Run(), Is.EqualTo(5));
        Assert.That((trial.Imagined(0).Count, trial.Imagined(1).Count, trial.Imagined(2).Count), Is.EqualTo((0, 0, 5)));
    }

    [Test]
    public void A_number_that_is_not_finite_cuts_where_it_comes_up()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 9, action: 2, horizon: 20);
        using RolloutTrial trial = Trial(Device, task, [Noisy with { Rollouts = 31 }]);
        // from time step 3 on, s′ is NaN in one entry and infinite in another
        float[] model = RolloutTrial.DrawDynamics(task.Dynamics, 5);
        int mean = 3 * task.Dynamics.PackedStep + task.Dynamics.Input * task.Dynamics.PackedRow;
        foreach ((int entry, float value) in new[] { (17, float.NaN), (4, float.PositiveInfinity) })
        {
            model[mean + entry] = value;
            trial.Models.Write(0, model);
            Array.Fill(trial.Rollouts.Starts(0).Time, 1);
            trial.Imagined(0).Clear();
            trial.Run();
            Assert.That(trial.Rollouts.Report(0), Is.EqualTo(new RolloutReport(62, 31)));
            Assert.That(trial.Imagined(0).Rows.ToArray(), Is.All.Matches<float>(float.IsFinite));
            model[mean + entry] = 0;
        }
    }
}
