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

    /// <summary>Imagines for every active learner.</summary>
    void Run(in RolloutCall call);
}
