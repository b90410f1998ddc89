using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Kernels.Rollout;

/// <summary>
/// Task definition for rollouts: states s with their coordinates, s′ ~ N(F_t [s; u] + f_t, N_t), the observation
/// x = h(s, c), and the reward r(x, u) with the bounds that end an episode. The constructor checks that they match.
/// </summary>
internal sealed record RolloutDefinition
{
    /// <exception cref="ArgumentException">Two parts do not match; the message names them.</exception>
    public RolloutDefinition(
        StateCoordinates coordinates, ObservationDefinition observation, RewardDefinition reward,
        DynamicsShape dynamics)
    {
        if (!ReferenceEquals(coordinates.Tree, observation.Tree))
            throw new ArgumentException(
                "coordinates and observation are of different trees; make both from the model's one tree");
        Require("the dynamics have a state", dynamics.State, "the tree", coordinates.Size);
        Require("the reward has an observation", reward.ObservationSize, "the observation", observation.Size);
        Require("the dynamics have an action", dynamics.Action, "the reward", reward.ActionSize);
        (Coordinates, Observation, Reward, Dynamics) = (coordinates, observation, reward, dynamics);
    }

    public StateCoordinates Coordinates { get; }

    /// <summary>x = h(qpos, qvel, c), for the same tree.</summary>
    public ObservationDefinition Observation { get; }

    /// <summary>r(x, u) and the bounds of x that end an episode.</summary>
    public RewardDefinition Reward { get; }

    public DynamicsShape Dynamics { get; }

    /// <summary>Floats of a replay row [x | u | r | b | x′].</summary>
    public int RowLength => 2 * Observation.Size + Dynamics.Action + 2;

    private static void Require(string what, int size, string where, int expected)
    {
        if (size != expected)
            throw new ArgumentException(
                $"{what} of {size} entries, and {where} has {expected}; make both from the same task");
    }
}
