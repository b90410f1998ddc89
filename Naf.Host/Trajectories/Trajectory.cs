namespace Naf.Host.Trajectories;

/// <summary>A recorded episode: states 0 to N, and the action and reward of the steps between them.</summary>
internal sealed class Trajectory
{
    /// <summary>[N + 1], the states; the last one has neither action nor reward.</summary>
    public List<TrajectoryRow> Rows { get; } = [];

    public int Steps => Rows.Count - 1;

    /// <summary>Sum of the rewards; null when a step has none, as in a file without them.</summary>
    public double? Score => Steps > 0 && Rows.SkipLast(1).All(row => row.Reward is not null)
        ? Rows.SkipLast(1).Sum(row => row.Reward) : null;
}

/// <summary>A state of an episode and the step taken from it.</summary>
/// <param name="Qpos">[Nq]; empty without a simulator.</param>
/// <param name="Qvel">[Nv]; empty without a simulator.</param>
/// <param name="Constants">The constants of the episode, such as the target.</param>
/// <param name="Action">[actions], in [−1, 1]; empty in the last row.</param>
/// <param name="Reward">The reward of the step; null in the last row.</param>
internal sealed record TrajectoryRow(double[] Qpos, double[] Qvel, double[] Constants, double[] Action, double? Reward)
{
    /// <summary>[observations], x.</summary>
    public double[] Observation { get; init; } = [];

    /// <summary>Whether the step led to a terminal state.</summary>
    public bool Terminated { get; init; }
}
