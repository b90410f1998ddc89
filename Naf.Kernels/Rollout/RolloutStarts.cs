namespace Naf.Kernels.Rollout;

/// <summary>Where the rollouts of a learner's next call start, filled by the host.</summary>
internal sealed class RolloutStarts
{
    private readonly int _horizon;

    internal RolloutStarts(RolloutDefinition definition, int capacity)
    {
        _horizon = definition.Dynamics.Horizon;
        State = new float[(long)capacity * definition.Dynamics.State];
        Constants = new float[(long)capacity * definition.Observation.ConstantSize];
        (Time, End) = (new int[capacity], new int[capacity]);
        Array.Fill(End, _horizon);
    }

    /// <summary>M: the most rollouts of a call.</summary>
    public int Capacity => Time.Length;

    /// <summary>Rollouts of the next call, 0 to <see cref="Capacity"/>.</summary>
    public int Count { get; set; }

    /// <summary>
    /// Running number of the first rollout, by which its random numbers are drawn: go on from where the last call
    /// ended, so that no two rollouts of a learner share them.
    /// </summary>
    public ulong FirstNumber { get; set; }

    /// <summary>[Capacity, State], s.</summary>
    public float[] State { get; }

    /// <summary>[Capacity, ConstantSize], the constants of the episode that each start comes from.</summary>
    public float[] Constants { get; }

    /// <summary>[Capacity], t: the time step of the start, 0 or more; from its end on a rollout has no steps.</summary>
    public int[] Time { get; }

    /// <summary>
    /// [Capacity], the time step before which the rollout ends, 0 to the horizon, which it is at first. Where several
    /// models of T time steps stand one behind the other in a horizon of K T, time step t of model c is c T + t, and
    /// its end (c + 1) T.
    /// </summary>
    public int[] End { get; }

    internal void Check()
    {
        if (Count < 0 || Count > Capacity)
            throw new ArgumentException(
                $"{Count} rollouts are asked for; give 0 to {Capacity}, or settings with more rollouts");
        for (int m = 0; m < Count; m++)
        {
            if (Time[m] < 0) throw new ArgumentException($"a rollout starts at time step {Time[m]}; give 0 or more");
            if (End[m] < 0 || End[m] > _horizon)
                throw new ArgumentException(
                    $"a rollout ends before time step {End[m]} and the models have {_horizon}; give 0 to {_horizon}");
        }
    }
}
