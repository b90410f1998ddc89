using System.Collections.Immutable;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>A task as data: what a task file says, bound to its model. Immutable.</summary>
public sealed record TaskDefinition
{
    /// <summary>The task's name.</summary>
    public required string Name { get; init; }

    /// <summary>One line about the task.</summary>
    public required string Description { get; init; }

    /// <summary>Calls of mj_step in one control step.</summary>
    public required int Substeps { get; init; }

    /// <summary>Control steps after which an episode stops; a time limit, not a terminal state.</summary>
    public required int Horizon { get; init; }

    /// <summary>x = h(qpos, qvel, constants).</summary>
    public required ObservationDefinition Observation { get; init; }

    /// <summary>[observation size], the factor of each number at the input of a network.</summary>
    public required ImmutableArray<float> InputScale { get; init; }

    /// <summary>r(x, u) and the bounds that end an episode.</summary>
    public required RewardDefinition Reward { get; init; }

    /// <summary>The distribution of initial states and constants.</summary>
    public required ResetDefinition Reset { get; init; }

    /// <summary>What episodes are judged by.</summary>
    public required ImmutableArray<MeasureDefinition> Measures { get; init; }

    /// <summary>Conditions that all hold in a successful episode; empty when the task has no notion of success.</summary>
    public required ImmutableArray<SuccessCondition> Success { get; init; }

    /// <summary>Settings of the learner that suit the task.</summary>
    public required TrainingDefaults Training { get; init; }

    /// <summary>What pictures show.</summary>
    public required PictureDefinition Picture { get; init; }
}
