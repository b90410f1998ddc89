using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>What one call works on, an entry per learner.</summary>
internal readonly record struct RolloutCall(
    Learner[] Learners, RolloutSettings[] Settings, RolloutStarts[] Starts, ReplayBuffer[] Targets, RolloutReport[] Reports);

/// <summary>What a device does for imagination.</summary>
internal interface IRolloutEngine : IDisposable
{
    /// <summary>How the work is laid onto the device, in words.</summary>
    string Plan { get; }

    /// <summary>Takes over the packed models of all learners.</summary>
    void SetDynamics(ReadOnlySpan<float> dynamics);

    /// <summary>Takes over the packed models of all learners that are on the device.</summary>
    /// <exception cref="ArgumentException">They are elsewhere.</exception>
    void SetDynamics(DeviceBuffer<float> dynamics);

    /// <summary>Imagines for every active learner.</summary>
    void Run(in RolloutCall call);
}
