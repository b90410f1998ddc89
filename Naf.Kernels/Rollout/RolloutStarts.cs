using Naf.Gpu.Cpu;

namespace Naf.Kernels.Rollout;

/// <summary>Where the rollouts of a learner's next call start. Filled by the host; nothing is allocated after the constructor.</summary>
public sealed unsafe class RolloutStarts : IDisposable
{
    private readonly RolloutDefinition _definition;
    private readonly HostBuffer _state, _constants, _time, _end;
    private readonly double[] _s;

    internal RolloutStarts(RolloutDefinition definition, int capacity)
    {
        (_definition, Capacity) = (definition, capacity);
        _s = new double[definition.Dynamics.State];
        try
        {
            _state = new HostBuffer((long)capacity * definition.Dynamics.State);
            _constants = new HostBuffer((long)capacity * definition.Observation.ConstantSize);
            _time = new HostBuffer(capacity);
            _end = new HostBuffer(capacity);
            End.Fill(definition.Dynamics.Horizon);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>M: the most rollouts of a call.</summary>
    public int Capacity { get; }

    /// <summary>Rollouts of the next call, 0 to <see cref="Capacity"/>.</summary>
    public int Count { get; set; }

    /// <summary>
    /// Running number of the first rollout, by which its random numbers are drawn: go on from where the last call ended, so that no two rollouts of
    /// a learner share them.
    /// </summary>
    public ulong FirstNumber { get; set; }

    /// <summary>[Capacity, State], s.</summary>
    public Span<float> State => _state.Span;

    /// <summary>[Capacity, ConstantSize], the constants of the episode that each start comes from.</summary>
    public Span<float> Constants => _constants.Span;

    /// <summary>[Capacity], t: the time step of the start, 0 or more; from its end on a rollout has no steps.</summary>
    public Span<int> Time => new(_time.Pointer, Capacity);

    /// <summary>
    /// [Capacity], the time step before which the rollout ends, 0 to the horizon, which it is at first. Where several models of T time steps
    /// stand one behind the other in a horizon of K T, time step t of model c is c T + t, and its end (c + 1) T.
    /// </summary>
    public Span<int> End => new(_end.Pointer, Capacity);

    /// <summary>Start <paramref name="rollout"/>: a state that was met at time step t of an episode.</summary>
    /// <param name="rollout">0 to Capacity − 1.</param>
    /// <param name="qpos">[Nq].</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="constants">[ConstantSize].</param>
    /// <param name="time">t, 0 or more.</param>
    /// <param name="end">The time step before which the rollout ends; null: the horizon.</param>
    public void Set(
        int rollout, ReadOnlySpan<double> qpos, ReadOnlySpan<double> qvel, ReadOnlySpan<double> constants, int time, int? end = null)
    {
        int size = _definition.Observation.ConstantSize;
        if (constants.Length != size) throw new ArgumentException($"the start has {constants.Length} constants, and the observation needs {size}");
        _definition.Coordinates.ToState(qpos, qvel, _s.AsSpan());
        for (int i = 0; i < _s.Length; i++) State[rollout * _s.Length + i] = (float)_s[i];
        for (int i = 0; i < size; i++) Constants[rollout * size + i] = (float)constants[i];
        (Time[rollout], End[rollout]) = (time, end ?? _definition.Dynamics.Horizon);
    }

    internal void Check()
    {
        if (Count < 0 || Count > Capacity)
            throw new ArgumentException($"{Count} rollouts are asked for; give 0 to {Capacity}, or settings with more rollouts");
        foreach (int t in Time[..Count])
            if (t < 0) throw new ArgumentException($"a rollout starts at time step {t}; give 0 or more");
        int horizon = _definition.Dynamics.Horizon;
        foreach (int end in End[..Count])
            if (end < 0 || end > horizon)
                throw new ArgumentException($"a rollout ends before time step {end} and the models have {horizon}; give 0 to {horizon}");
    }

    internal float* StatePointer => _state.Pointer;

    internal float* ConstantsPointer => _constants.Pointer;

    internal int* TimePointer => (int*)_time.Pointer;

    internal int* EndPointer => (int*)_end.Pointer;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HostBuffer? buffer in (HostBuffer?[])[_state, _constants, _time, _end]) buffer?.Dispose();
    }
}
