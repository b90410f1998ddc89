namespace Naf.Kernels.Rollout;

/// <summary>Start states of a learner's rollouts in the next call, filled by the host.</summary>
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

    /// <summary>M, maximum number of rollouts per call.</summary>
    public int Capacity => Time.Length;

    /// <summary>Rollouts of the next call, 0 to <see cref="Capacity"/>.</summary>
    public int Count { get; set; }

    /// <summary>
    /// Running number of the first rollout, which selects its random numbers. Continue from the end of the last call,
    /// so that no two rollouts of a learner use the same random numbers.
    /// </summary>
    public ulong FirstNumber { get; set; }

    /// <summary>[Capacity, State], s.</summary>
    public float[] State { get; }

    /// <summary>[Capacity, ConstantSize], c, the constants of each start's episode.</summary>
    public float[] Constants { get; }

    /// <summary>[Capacity], t ≥ 0, the time step of the start; a rollout that starts at its end has no steps.</summary>
    public int[] Time { get; }

    /// <summary>
    /// [Capacity], the end of the rollout (exclusive), 0 to the horizon; initially the horizon. For K consecutive
    /// models of T time steps in a horizon of K T, time step t of model c is c T + t, and its end is (c + 1) T.
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
