using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>Inputs and outputs of a call, one entry per learner.</summary>
internal sealed record RolloutCall(
    Learner[] Learners, RolloutSettings[] Settings, RolloutStarts[] Starts, RolloutReport[] Reports);

/// <summary>Implementation of imagination rollouts on a device.</summary>
internal interface IRolloutEngine : IDisposable
{
    /// <summary>Runs the rollouts of every active learner.</summary>
    void Run();
}
