using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>A task as data: what a task file says, bound to its model. Immutable.</summary>
/// <param name="Substeps">Calls of mj_step in one control step.</param>
/// <param name="Horizon">Control steps after which an episode stops; a time limit, not a terminal state.</param>
/// <param name="Observation">x = h(qpos, qvel, constants).</param>
/// <param name="InputScale">[observation size], the factor of each number at the input of a network.</param>
/// <param name="Reward">r(x, u) and the bounds that end an episode.</param>
/// <param name="Success">Conditions that all hold in a successful episode; empty without a notion of success.</param>
internal sealed record TaskDefinition(
    string Name, int Substeps, int Horizon, ObservationDefinition Observation, ImmutableArray<float> InputScale,
    RewardDefinition Reward, ResetDefinition Reset, ImmutableArray<MeasureDefinition> Measures,
    ImmutableArray<SuccessCondition> Success, TrainingDefaults Training, PictureDefinition Picture);

/// <summary>What a picture of the task shows besides the model.</summary>
/// <param name="Camera">
/// Name of the model's camera; null for its first, or for MuJoCo's free camera where it names none.
/// </param>
/// <param name="Targets">Constants of the episode that the observation compares places with.</param>
/// <param name="Path">Places whose path is drawn.</param>
internal sealed record PictureDefinition(string? Camera, ImmutableArray<Place> Targets, ImmutableArray<Place> Path);
