using Naf.Checks.Comparisons;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Tests;

/// <summary>What rollouts refuse; calls allocate no memory, and failures leave none behind.</summary>
internal sealed class RolloutLimitTests
{
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 4, action: 2, horizon: 30, bound: 1.2);
    private static readonly RolloutSettings Each = new() { Rollouts = 443, Steps = 6, ActionNoise = 0.2f };

    private static RolloutTrial Trial(Device device) => new(device, Task, new NafShape(8, 2, [40, 24]), [Each, Each]);

    [Test]
    public void A_call_allocates_nothing_once_the_replays_have_grown()
    {
        using var device = new CpuDevice(1);
        using RolloutTrial trial = Trial(device);
        for (int round = 0; round < 3; round++) trial.Run();
        long before = GC.GetAllocatedBytesForCurrentThread(), buffers = HostBuffer.LiveBuffers;
        for (int round = 0; round < 10; round++) trial.Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(buffers));
    }

    [Test]
    public void What_cannot_be_imagined_is_refused_with_the_remedy()
    {
        using var device = new CpuDevice(1);
        using RolloutTrial trial = Trial(device);
        ImaginationRollouts rollouts = trial.Rollouts;
        Refused(() => trial.Models.Write(0, new float[7]), "7 numbers");
        rollouts.Starts(0).Time[5] = -1;
        Refused(rollouts.Run, "starts at time step -1");
        (int[] ends, rollouts.Starts(0).Time[5]) = (rollouts.Starts(0).End, 0);
        Assert.That(ends, Is.All.EqualTo(30), "at first the horizon");
        foreach (int end in new[] { 31, -1 })
        {
            ends[442] = end;
            Refused(rollouts.Run, $"a rollout ends before time step {end} and the models have 30; give 0 to 30");
        }
        rollouts.Starts(0).Count = 444;
        Refused(rollouts.Run, "444");
        Refused(() => rollouts.SetSettings(0, Each with { Rollouts = 444 }), "444");
        Refused(() => rollouts.SetSettings(0, Each with { Low = [0, 1] }), "low");
        Refused(() => rollouts.SetSettings(0, Each with { Steps = 5 }), "443 of 6");
        Refused(() => rollouts.SetSettings(0, Each with { Steps = 1_000_000 }), "too many for one call");
        var shape = new DynamicsShape(30, 9, 2);
        Refused(() => _ = new RolloutDefinition(Task.Coordinates, Task.Observation, Task.Reward, shape), "9 entries");

        static void Refused(Action action, string reason) =>
            Assert.That(() => action(), Throws.ArgumentException.With.Message.Contains(reason));
    }

    [TestCaseSource(typeof(GpuDevices), nameof(GpuDevices.All))]
    public void A_network_that_does_not_fit_is_refused_with_the_remedy(string device)
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 1, action: 1, horizon: 5);
        Assert.That(() => RolloutPlan.Choose(GpuDevices.Shared(device), task, new NafShape(2, 1, [200_000]), 100),
            Throws.TypeOf<DeviceException>().With.Message.Contains("device=cpu"));
    }

    [TestCaseSource(typeof(GpuDevices), nameof(GpuDevices.All))]
    public void Rollouts_that_do_not_fit_free_what_there_is(string name)
    {
        GpuDevice device = GpuDevices.Shared(name);
        RolloutDefinition task = RolloutTasks.Chain(joints: 256, action: 1, horizon: 1);
        var shape = new NafShape(512, 1, [20]);
        using LearnerPopulation population = LearnerPopulation.Create(
            device, shape, [], [new() { BatchSize = 16, ReplayCapacity = 16 }], imaginedCapacity: 18);
        using var models = new PackedModels(device, task.Dynamics, 1);
        (long host, int buffers) = (HostBuffer.LiveBuffers, device.LiveBuffers);
        RolloutSettings settings = new() { Rollouts = 10_000, Steps = 10_000 };
        Assert.That(() => new ImaginationRollouts(device, population, task, models, [settings]),
            Throws.TypeOf<DeviceMemoryException>());
        Assert.That((HostBuffer.LiveBuffers, device.LiveBuffers), Is.EqualTo((host, buffers)));
    }
}
