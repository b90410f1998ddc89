using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>A task as data: the content of a task file, bound to its model. Immutable.</summary>
/// <param name="Substeps">Calls of mj_step per control step.</param>
/// <param name="Horizon">Control steps after which an episode stops; a time limit, not a terminal state.</param>
/// <param name="Observation">x = h(qpos, qvel, constants).</param>
/// <param name="InputScale">[observation size], the scale of each component of x at the input of a network.</param>
/// <param name="Transforms">The components of x that are limited, or of which the logarithm is observed.</param>
/// <param name="Reward">r(x, u) and the bounds that end an episode.</param>
/// <param name="StepReward">What is added to r: terms that are not of (x, u); null for none.</param>
/// <param name="Success">Conditions that must all hold for success; empty if the task defines no success.</param>
internal sealed record TaskDefinition(
    string Name, int Substeps, int Horizon, ObservationDefinition Observation, ImmutableArray<float> InputScale,
    ImmutableArray<ObservationTransform> Transforms, RewardDefinition Reward, StepRewardDefinition? StepReward,
    ResetDefinition Reset, ActionDefinition Actions, ImmutableArray<MeasureDefinition> Measures,
    ImmutableArray<SuccessCondition> Success, TrainingDefaults Training,
    PictureDefinition Picture);

/// <summary>What a picture of the task shows besides the model.</summary>
/// <param name="Camera">The model's camera; null for its first, or MuJoCo's free camera if it names none.</param>
/// <param name="Targets">Episode constants that the observation compares places with.</param>
/// <param name="Path">Places whose path is drawn.</param>
internal sealed record PictureDefinition(string? Camera, ImmutableArray<Place> Targets, ImmutableArray<Place> Path);
