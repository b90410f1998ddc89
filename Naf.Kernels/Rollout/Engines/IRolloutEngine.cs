using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>What a call works on, an entry per learner.</summary>
internal sealed record RolloutCall(
    Learner[] Learners, RolloutSettings[] Settings, RolloutStarts[] Starts, RolloutReport[] Reports);

/// <summary>What a device does for imagination.</summary>
internal interface IRolloutEngine : IDisposable
{
    /// <summary>Imagines for every active learner.</summary>
    void Run();
}
