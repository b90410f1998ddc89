using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Kernels.Replay;
using Naf.Kernels.Rollout;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Rollouts on the processor against the reference in double, on awkward sizes.</summary>
public sealed class RolloutTests
{
    private static readonly RolloutSettings Noisy = new() { Rollouts = 443, Steps = 5, ActionNoise = 0.3f };

    private static RolloutTrial Trial(RolloutDefinition definition, RolloutSettings settings, bool trunk = false, bool batchNorm = false)
    {
        var shape = new NafShape(definition.Observation.Size, definition.Dynamics.Action, [31, 17], trunk, batchNorm);
        return new RolloutTrial(new CpuDevice(1), definition, shape, [settings]);
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(443)]
    public void Every_entry_and_reward_is_that_of_the_reference(int rollouts)
    {
        foreach ((bool trunk, bool batchNorm) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            using RolloutTrial trial = Trial(RolloutTasks.Everything(), Noisy with { Rollouts = rollouts }, trunk, batchNorm);
            trial.Run();
            Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True);
        }
    }

    [TestCase("cartpole")]
    [TestCase("reacher")]
    [TestCase("ant")]
    [TestCase("walker2d")]
    [TestCase("gripper-moving")]
    public void A_task_s_rollouts_are_those_of_the_reference(string task)
    {
        foreach (bool sample in new[] { true, false })
        {
            using RolloutTrial trial = Trial(RolloutTasks.BuiltIn(task), Noisy with { Rollouts = 31, SampleDynamics = sample });
            trial.Run();
            Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True, $"noise of the dynamics: {sample}");
        }
    }

    [Test]
    public void Bounds_horizon_and_terminal_states_end_rollouts_as_in_the_reference()
    {
        RolloutDefinition definition = RolloutTasks.Chain(joints: 9, action: 2, horizon: 7, bound: 0.5, terminationReward: -3);
        float[] low = [.. Enumerable.Repeat(-0.9f, 18)], high = [.. Enumerable.Repeat(float.PositiveInfinity, 18)];
        RolloutSettings settings = Noisy with { Steps = 9, Low = [.. low], High = [.. high] };
        using RolloutTrial trial = Trial(definition, settings);
        Span<int> times = trial.Rollouts.Starts(0).Time;
        for (int m = 0; m < times.Length; m++) times[m] = m % 9;
        trial.Rollouts.Starts(0).State[^1] = float.NaN;
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True);
        Assert.That(trial.Rollouts.Report(0).Cuts, Is.InRange(20, 400), "the bounds should cut some");
        Assert.That(Rows(trial, 0).Count(row => row[18 + 2 + 1] == 0), Is.InRange(20, 400), "and the task's bound end some");
    }

    private static unsafe float[][] Rows(RolloutTrial trial, int learner)
    {
        ReplayBuffer replay = trial.Imagined(learner);
        return [.. Enumerable.Range(0, replay.Count).Select(i => new ReadOnlySpan<float>(replay.Row(i), replay.RowLength).ToArray())];
    }
}
