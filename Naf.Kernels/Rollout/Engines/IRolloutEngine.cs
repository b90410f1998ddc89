using Naf.Gpu.Accelerators;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>What one call works on, an entry per learner.</summary>
internal readonly record struct RolloutCall(Learner[] Learners, RolloutSettings[] Settings, RolloutStarts[] Starts, RolloutReport[] Reports);

/// <summary>What a device does for imagination.</summary>
internal interface IRolloutEngine : IDisposable
{
    /// <summary>How the work is laid onto the device, in words.</summary>
    string Plan { get; }

    /// <summary>Takes over the packed model of a learner.</summary>
    /// <param name="dynamics">[Horizon, PackedStep].</param>
    void SetDynamics(int learner, ReadOnlySpan<float> dynamics);

    /// <summary>Takes over the packed model of a learner that is on the device.</summary>
    /// <param name="first">Where it begins.</param>
    /// <exception cref="ArgumentException">It is elsewhere.</exception>
    void SetDynamics(int learner, DeviceBuffer<float> dynamics, long first);

    /// <summary>Imagines for every active learner.</summary>
    void Run(in RolloutCall call);
}
