using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Imagination rollouts (paper, section 5 and Algorithm 2): from given states, all learners' policies act for some steps in their fitted models, and
/// what they met goes into their imagined replays R_f.
/// <code>
/// x = h(s, c),  u = clip(μ(x) + σ ε, −1, 1),  s′ = F_t [s; u] + f_t + chol(N_t) ε′,  x′ = h(s′, c),  r = r(x, u),  t ← t + 1
/// </code>
/// A rollout ends after l steps, at the horizon, or at a terminal state (its last row has b = 0 and the reward of termination); it is cut, and
/// its last transition not stored, where s′ leaves the given bounds or a number is not finite. Rows are stored in the order (rollout, step).
/// Learner k's numbers depend neither on the other learners nor on the threads, bitwise. Nothing is allocated by a call once the replays have
/// grown.
/// </summary>
public sealed unsafe class ImaginationRollouts : IDisposable
{
    private readonly Learner[] _learners;
    private readonly ReplayBuffer[] _targets;
    private readonly RolloutSettings[] _settings;
    private readonly RolloutStarts[] _starts;
    private readonly RolloutReport[] _reports;
    private readonly CpuRollouts _cpu;

    /// <param name="learners">Whose policies act.</param>
    /// <param name="targets">Where a learner's rows go.</param>
    /// <param name="inputScale">[ObservationSize]: multiplies the observation before the networks; empty: 1.</param>
    internal ImaginationRollouts(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings,
        Learner[] learners, ReplayBuffer[] targets, int laneWidth = 0)
    {
        if (device is not CpuDevice cpu) throw new DeviceException($"device {device.Info.Name} has no kernels for imagination; use --device cpu");
        if (shape.State != definition.Observation.Size || shape.Action != definition.Dynamics.Action)
            throw new ArgumentException(
                $"the networks are for {shape.State} observations and {shape.Action} actions, and the task has {definition.Observation.Size} and "
                + $"{definition.Dynamics.Action}; make both from the same task");
        if (settings.Count != learners.Length)
            throw new ArgumentException($"{settings.Count} settings are given for {learners.Length} learners; give one to each");
        foreach (RolloutSettings s in settings) s.Check(definition.Dynamics.State);
        float[] scale = inputScale.IsEmpty ? [.. Enumerable.Repeat(1f, shape.State)] : inputScale.ToArray();
        if (scale.Length != shape.State) throw new ArgumentException($"the input scale has {scale.Length} entries and the observation {shape.State}");
        (Definition, _learners, _targets, _settings) = (definition, learners, targets, [.. settings]);
        _starts = [.. settings.Select(s => new RolloutStarts(definition, s.Rollouts))];
        _reports = new RolloutReport[learners.Length];
        _cpu = new CpuRollouts(cpu, definition, shape, scale, learners.Length, laneWidth);
    }

    /// <summary>What is imagined.</summary>
    public RolloutDefinition Definition { get; }

    /// <summary>Number of learners.</summary>
    public int Learners => _learners.Length;

    /// <summary>Where a learner's rollouts of the next call start: fill it before each <see cref="Run"/>.</summary>
    public RolloutStarts Starts(int learner) => _starts[learner];

    /// <summary>How a learner imagines.</summary>
    public RolloutSettings Settings(int learner) => _settings[learner];

    /// <summary>Changes how a learner imagines, such as the bounds of its states; not the number of rollouts.</summary>
    /// <exception cref="ArgumentException">A value is out of range, or asks for more rollouts than at the beginning.</exception>
    public void SetSettings(int learner, RolloutSettings settings)
    {
        settings.Check(Definition.Dynamics.State);
        if (settings.Rollouts > _starts[learner].Capacity)
            throw new ArgumentException(
                $"{settings.Rollouts} rollouts are more than the {_starts[learner].Capacity} that were prepared; ask for them at first");
        _settings[learner] = settings;
    }

    /// <summary>What a learner's imagination made in the last call.</summary>
    public RolloutReport Report(int learner) => _reports[learner];

    /// <summary>Imagines for every active learner, from its starts.</summary>
    /// <param name="dynamics">[Learners, Horizon, PackedStep], the packed models.</param>
    /// <exception cref="ArgumentException">The models have another size, or a start is not possible.</exception>
    public void Run(ReadOnlySpan<float> dynamics)
    {
        long expected = (long)Learners * Definition.Dynamics.Horizon * Definition.Dynamics.PackedStep;
        if (dynamics.Length != expected)
            throw new ArgumentException(
                $"the packed models have {dynamics.Length} numbers, and {Learners} learners need {expected}; pack all of them");
        foreach (RolloutStarts starts in _starts) starts.Check();
        fixed (float* models = dynamics)
            _cpu.Run(new CpuRollouts.RolloutCall(_learners, _settings, _starts, (nint)models, _targets, _reports));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cpu.Dispose();
        foreach (RolloutStarts starts in _starts) starts.Dispose();
    }
}
