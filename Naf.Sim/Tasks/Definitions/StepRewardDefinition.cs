using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// The terms of a reward that are no functions of the observation before the step and the action, over z = [b; b′;
/// (b′ − b)/Δt; u − u₋₁; u]: b = [x; y] before the step, b′ after it, x the observation, y the signals, Δt the control
/// step and u₋₁ the last action, 0 before the first step.
/// </summary>
/// <param name="Signals">y, entries that only reward and termination read; null for none.</param>
/// <param name="Reward">The terms over z, in which all but u is the observation, and the bounds of signals.</param>
/// <param name="Names">[z without u], a name for each number.</param>
/// <param name="Example">The first of the terms or bounds as the task file has it, for messages.</param>
internal sealed record StepRewardDefinition(
    ObservationDefinition? Signals, RewardDefinition Reward, ImmutableArray<string> Names, string Example);
