using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Rollouts on every GPU device that tests have, against the reference in double precision.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class GpuRolloutTests(string name) : GpuFixture(name)
{
    private static readonly RolloutSettings Noisy = new() { Rollouts = 443, Steps = 5, ActionNoise = 0.3f };

    private RolloutTrial Trial(RolloutDefinition definition, RolloutSettings[] settings, bool trunk = false, bool batchNorm = false, int capacity = 0,
        RolloutPlan? plan = null) =>
        new(Device, definition, Shape(definition, trunk, batchNorm), settings, capacity: capacity, plan: plan);

    private RolloutPlan Plan(int rows) => new(rows, Math.Min(16, Device.Limits.GroupThreads));

    private static NafShape Shape(RolloutDefinition definition, bool trunk = false, bool batchNorm = false) =>
        new(definition.Observation.Size, definition.Dynamics.Action, [31, 17], trunk, batchNorm);

    private static float[] Rows(RolloutTrial trial, int learner) => trial.Imagined(learner).Rows.ToArray();

    [TestCase(1, false, false)]
    [TestCase(31, true, false)]
    [TestCase(443, false, true)]
    public void Every_entry_and_reward_is_that_of_the_reference(int rollouts, bool trunk, bool batchNorm)
    {
        using RolloutTrial trial = Trial(RolloutTasks.Everything(), [Noisy with { Rollouts = rollouts }], trunk, batchNorm);
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True);
    }

    [TestCase("cartpole")]
    [TestCase("reacher")]
    [TestCase("ant")]
    [TestCase("walker2d")]
    [TestCase("gripper-moving")]
    public void A_task_s_rollouts_are_those_of_the_reference(string task)
    {
        using RolloutTrial trial = Trial(RolloutTasks.BuiltIn(task), [Noisy with { Rollouts = 31 }]);
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True);
    }

    [TestCase(8)]
    [TestCase(32)]
    [TestCase(64)]
    public void Bounds_horizon_and_terminal_states_end_rollouts_as_in_the_reference(int rows)
    {
        RolloutDefinition definition = RolloutTasks.Chain(joints: 9, action: 2, horizon: 7, bound: 0.5, terminationReward: -3);
        RolloutSettings settings = Noisy with { Steps = 9, Low = [.. Enumerable.Repeat(-0.9f, 18)] };
        using RolloutTrial trial = Trial(definition, [settings], plan: Plan(rows));
        Span<int> times = trial.Rollouts.Starts(0).Time;
        for (int m = 0; m < times.Length; m++) times[m] = m % 9;
        trial.Rollouts.Starts(0).State[^1] = float.NaN;
        trial.Run();
        Assert.That(trial.Compare(0), Has.Property(nameof(RolloutCheck.Errors.Agree)).True);
        Assert.That(trial.Rollouts.Report(0).Cuts, Is.InRange(20, 400), "the bounds should cut some");
    }

    [Test]
    public void The_same_call_gives_the_same_bits_and_other_learners_change_none()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30, bound: 1.2);
        RolloutSettings[] settings = [Noisy with { Rollouts = 31 }, Noisy, Noisy with { Steps = 1 }, Noisy with { SampleDynamics = false }];
        using RolloutTrial together = Trial(task, settings, capacity: 3000, plan: Plan(16));
        for (int round = 0; round < 3; round++) together.Run();
        for (int k = 0; k < settings.Length; k++)
        {
            using var alone = new RolloutTrial(Device, task, Shape(task), [settings[k]], firstSeed: 5 + (ulong)k, capacity: 3000, Plan(16));
            for (int round = 0; round < 3; round++) alone.Run();
            Assert.That(Rows(together, k), Is.EqualTo(Rows(alone, 0)), $"learner {k}");
            Assert.That(together.Rollouts.Report(k), Is.EqualTo(alone.Rollouts.Report(0)));
        }
    }

    [TestCase(100)]
    [TestCase(1000)]
    [TestCase(2500)]
    public void Rows_stand_where_the_processor_puts_them(int capacity)
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30, bound: 1.2);
        using RolloutTrial gpu = Trial(task, [Noisy, Noisy with { Rollouts = 31 }], capacity: capacity);
        using var cpu = new RolloutTrial(new CpuDevice(1), task, Shape(task), [Noisy, Noisy with { Rollouts = 31 }], capacity: capacity);
        for (int round = 0; round < 3; round++)
        {
            gpu.Run();
            cpu.Run();
        }
        for (int k = 0; k < 2; k++)
        {
            Assert.That((gpu.Imagined(k).Count, gpu.Imagined(k).Newest), Is.EqualTo((cpu.Imagined(k).Count, cpu.Imagined(k).Newest)));
            Assert.That(Rows(gpu, k), Is.EqualTo(Rows(cpu, k)).Within(Tolerances.ImaginedRow));
        }
    }

    [Test]
    public void A_stopped_learner_imagines_nothing_and_no_rollouts_are_none()
    {
        using RolloutTrial trial = Trial(RolloutTasks.Chain(joints: 4, action: 2, horizon: 30), [Noisy, Noisy, Noisy with { Rollouts = 1 }]);
        trial.Learner(0).Stop();
        trial.Rollouts.Starts(1).Count = 0;
        Assert.That(trial.Run(), Is.EqualTo(5));
        Assert.That((trial.Imagined(0).Count, trial.Imagined(1).Count, trial.Imagined(2).Count), Is.EqualTo((0, 0, 5)));
    }

    [Test]
    public void A_network_that_does_not_fit_is_refused_with_the_remedy()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 1, action: 1, horizon: 5);
        Assert.That(() => RolloutPlan.Choose(Device, task, new NafShape(2, 1, [200_000]), 100),
            Throws.TypeOf<DeviceException>().With.Message.Contains("--device cpu"));
    }

    [Test]
    public void A_number_that_is_not_finite_cuts_where_it_comes_up()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 9, action: 2, horizon: 20);
        using RolloutTrial trial = Trial(task, [Noisy with { Rollouts = 31 }]);
        // from time step 3 on s′ is NaN in one entry, in another infinite
        float[] model = RolloutCheck.DrawDynamics(task.Dynamics, 5);
        int mean = 3 * task.Dynamics.PackedStep + task.Dynamics.Input * task.Dynamics.PackedRow;
        foreach ((int entry, float value) in new[] { (17, float.NaN), (4, float.PositiveInfinity) })
        {
            model[mean + entry] = value;
            trial.Rollouts.SetDynamics(0, model);
            trial.Rollouts.Starts(0).Time.Fill(1);
            trial.Imagined(0).Clear();
            trial.Run();
            Assert.That(trial.Rollouts.Report(0), Is.EqualTo(new RolloutReport(62, 31)));
            Assert.That(Rows(trial, 0), Is.All.Matches<float>(float.IsFinite));
            model[mean + entry] = 0;
        }
    }

    [Test]
    public void Models_that_do_not_fit_free_what_there_is()
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 256, action: 1, horizon: 100_000);
        using (var population = new NafPopulation(Device, new NafShape(512, 1, [20]), [], 16, 16, [new LearnerSettings()], imaginedCapacity: 18))
        {
            (long host, int buffers) = (HostBuffer.LiveBuffers, Device.LiveBuffers);
            Assert.That(() => new ImaginationRollouts(Device, population, task, [new RolloutSettings { Rollouts = 9, Steps = 2 }]),
                Throws.TypeOf<DeviceMemoryException>());
            Assert.That((HostBuffer.LiveBuffers, Device.LiveBuffers), Is.EqualTo((host, buffers)));
        }
    }
}
