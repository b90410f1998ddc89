using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>Some rollouts of one learner that one thread takes together.</summary>
/// <param name="First">The first of them, counted within the learner's starts.</param>
/// <param name="Dynamics">The learner's packed model.</param>
internal readonly unsafe record struct RolloutBlock(
    Learner Learner, RolloutSettings Settings, RolloutStarts Starts, int First, int Count, nint Dynamics);
