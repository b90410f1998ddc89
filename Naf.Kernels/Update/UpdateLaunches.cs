using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Two = Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>;
using Four = Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>>;
using Eight = Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>>>;

namespace Naf.Kernels.Update;

/// <summary>The kernels of an update under a plan, and their launches.</summary>
internal sealed class UpdateLaunches
{
    private readonly bool _cooperative;
    private readonly DeviceKernel<UpdateArguments<float>>[] _kernels;

    private UpdateLaunches(LaunchPlan plan, DeviceKernel<UpdateArguments<float>>[] kernels, DeviceKernel<PolicyArguments<float>> evaluate)
    {
        (Plan, _cooperative, _kernels, Evaluate) = (plan, plan is { Launch: PlanLaunch.Together, Parts: > 1 }, kernels, evaluate);
    }

    /// <summary>How the work is laid onto the device.</summary>
    public LaunchPlan Plan { get; }

    /// <summary>V, m and l of many samples.</summary>
    public DeviceKernel<PolicyArguments<float>> Evaluate { get; }

    /// <summary>Times that the groups of a learner wait for each other in a launch of so many updates.</summary>
    public int Barriers(int updates) => _cooperative ? 4 * updates : 0;

    /// <summary>Compiles what the plan needs; groups that wait for each other are so few that they fit onto the device together.</summary>
    public static UpdateLaunches Load(GpuDevice device, LaunchPlan plan, NafShape shape, int learners) => plan.RowsPerThread switch
    {
        8 => Load<Eight>(device, plan, shape, learners),
        4 => Load<Four>(device, plan, shape, learners),
        2 => Load<Two>(device, plan, shape, learners),
        _ => Load<OneRow<float>>(device, plan, shape, learners),
    };

    /// <summary>Launches all updates of a call.</summary>
    public void Launch(UpdateArguments<float> arguments)
    {
        int groups = arguments.Learners * Plan.Parts;
        arguments.Parts = Plan.Parts;
        if (_kernels.Length == 1)
            _kernels[0].Launch(groups, arguments, _cooperative);
        else
            for (; arguments.Update < arguments.Updates; arguments.Update++)
                foreach (DeviceKernel<UpdateArguments<float>> phase in _kernels) phase.Launch(groups, arguments);
    }

    private static UpdateLaunches Load<TSums>(GpuDevice device, LaunchPlan plan, NafShape shape, int learners) where TSums : struct, IRowSums<float>
    {
        int forward = plan.ForwardBytes(shape.Networks());
        var evaluate = device.Load<PolicyArguments<float>>(PolicyKernels.Evaluate<DynamicMemory, TSums>, plan.Threads, forward);
        if (plan.Launch == PlanLaunch.ByPhase)
            return new UpdateLaunches(plan,
            [
                Kernel(UpdateKernels.Forward<DynamicMemory, TSums>, forward),
                Kernel(UpdateKernels.Backward<DynamicMemory, TSums>, plan.BackwardBytes(shape)),
                Kernel(UpdateKernels.Gradient<DynamicMemory, TSums>, plan.WeightBytes),
                Kernel(UpdateKernels.Apply<DynamicMemory, TSums>, plan.WeightBytes),
            ], evaluate);
        if (plan.Parts > 1)
        {
            DeviceKernel<UpdateArguments<float>> cooperative = Kernel(UpdateKernels.Cooperative<DynamicMemory, TSums>, plan.SharedBytes(shape));
            int parts = Math.Min(plan.Parts, cooperative.ResidentGroups / learners);
            if (parts > 1) return new UpdateLaunches(plan with { Parts = parts }, [cooperative], evaluate);
        }
        return new UpdateLaunches(
            plan with { Parts = 1 }, [Kernel(UpdateKernels.GroupPerLearner<DynamicMemory, TSums>, plan.SharedBytes(shape))], evaluate);

        DeviceKernel<UpdateArguments<float>> Kernel(Action<UpdateArguments<float>> entry, int bytes) => device.Load(entry, plan.Threads, bytes);
    }
}
