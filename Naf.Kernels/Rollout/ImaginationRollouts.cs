using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Imagination rollouts (paper, section 5 and Algorithm 2): from given states, all learners' policies act for some steps in their fitted models, and
/// what they met goes into their imagined replays R_f.
/// <code>
/// x = h(s, c),  u = clip(μ(x) + σ ε, −1, 1),  s′ = F_t [s; u] + f_t + chol(N_t) ε′,  x′ = h(s′, c),  r = r(x, u),  t ← t + 1
/// </code>
/// A rollout ends after l steps, at its end (at first the horizon), or at a terminal state (its last row has b = 0 and the reward of
/// termination); it is cut, and its last transition not stored, where s′ leaves the given bounds or a number is not finite. Rows are stored in
/// the order (rollout, step). Learner k's numbers depend neither on the other learners nor on the threads, bitwise. Nothing is allocated by a
/// call once the replays have grown.
/// </summary>
public sealed class ImaginationRollouts : IDisposable
{
    private readonly Learner[] _learners;
    private readonly ReplayBuffer[] _targets;
    private readonly RolloutSettings[] _settings;
    private readonly RolloutStarts[] _starts;
    private readonly RolloutReport[] _reports;
    private readonly IRolloutEngine _engine;
    private bool _modelled;

    /// <param name="device">The population's device.</param>
    /// <param name="population">Whose policies act, and whose R_f takes what they meet.</param>
    /// <param name="definition">What is imagined.</param>
    /// <param name="settings">One entry per learner.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the parts do not fit together.</exception>
    /// <exception cref="DeviceException">The device has no room for it, or no kernels.</exception>
    public ImaginationRollouts(Device device, NafPopulation population, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings)
        : this(population.Shape, definition, settings, population.AllLearners, [.. population.AllLearners.Select(l => l.Imagined)],
            () => MakeEngine(device, population, definition, settings.Sum(s => (long)s.Rollouts)))
    {
    }

    /// <param name="learners">Whose policies act.</param>
    /// <param name="targets">Where a learner's rows go; on a GPU, what the host knows of it.</param>
    /// <param name="makeEngine">What the device does, made when all has been checked.</param>
    internal ImaginationRollouts(
        NafShape shape, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings, Learner[] learners, ReplayBuffer[] targets,
        Func<IRolloutEngine> makeEngine)
    {
        if (shape.State != definition.Observation.Size || shape.Action != definition.Dynamics.Action)
            throw new ArgumentException(
                $"the networks are for {shape.State} observations and {shape.Action} actions, and the task has {definition.Observation.Size} and "
                + $"{definition.Dynamics.Action}; make both from the same task");
        if (targets[0].Capacity == 0)
            throw new ArgumentException("the learners have no room for imagined transitions; make the population with a capacity of R_f");
        if (settings.Count != learners.Length)
            throw new ArgumentException($"{settings.Count} settings are given for {learners.Length} learners; give one to each");
        foreach (RolloutSettings s in settings) s.Check(definition.Dynamics.State);
        (Definition, _learners, _targets, _settings) = (definition, learners, targets, [.. settings]);
        _reports = new RolloutReport[learners.Length];
        var starts = new List<RolloutStarts>();
        try
        {
            foreach (RolloutSettings s in settings) starts.Add(new RolloutStarts(definition, s.Rollouts));
            _engine = makeEngine();
        }
        catch
        {
            foreach (RolloutStarts s in starts) s.Dispose();
            throw;
        }
        _starts = [.. starts];
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

    /// <summary>How the work is laid onto the device, in words; results are bitwise the same for the same plan.</summary>
    public string Plan => _engine.Plan;

    /// <summary>Takes over newly fitted models; until then there is nothing to imagine in.</summary>
    /// <param name="dynamics">[Learners, Horizon, PackedStep], the packed models.</param>
    /// <exception cref="ArgumentException">The models have another size.</exception>
    public void SetDynamics(ReadOnlySpan<float> dynamics)
    {
        CheckDynamics(dynamics.Length);
        _engine.SetDynamics(dynamics);
        _modelled = true;
    }

    /// <summary>Takes over newly fitted models that are on the same GPU.</summary>
    /// <param name="dynamics">[Learners, Horizon, PackedStep], the packed models.</param>
    /// <exception cref="ArgumentException">The models have another size, or are elsewhere.</exception>
    public void SetDynamics(DeviceBuffer<float> dynamics)
    {
        CheckDynamics(dynamics.Length);
        _engine.SetDynamics(dynamics);
        _modelled = true;
    }

    /// <summary>Imagines for every active learner, from its starts.</summary>
    /// <exception cref="InvalidOperationException">There is no model yet.</exception>
    /// <exception cref="ArgumentException">A start is not possible.</exception>
    public void Run()
    {
        if (!_modelled) throw new InvalidOperationException("there are no models to imagine in yet; call SetDynamics after the first fit");
        foreach (RolloutStarts starts in _starts) starts.Check();
        _engine.Run(new RolloutCall(_learners, _settings, _starts, _targets, _reports));
    }

    private void CheckDynamics(long numbers)
    {
        long expected = (long)Learners * Definition.Dynamics.Horizon * Definition.Dynamics.PackedStep;
        if (numbers != expected)
            throw new ArgumentException($"the packed models have {numbers} numbers, and {Learners} learners need {expected}; pack all of them");
    }

    private static IRolloutEngine MakeEngine(Device device, NafPopulation population, RolloutDefinition definition, long rollouts)
    {
        NafShape shape = population.Shape;
        switch (device)
        {
            case CpuDevice cpu when population.Gpu is null:
                return new CpuRollouts(cpu, definition, shape, population.InputScale, population.Learners, laneWidth: 0);
            case GpuDevice gpu when population.Gpu is { } trainer:
                GpuLearners arrays = trainer.Arrays;
                MlpShape first = shape.Networks()[0];
                ReplayBuffer imagined = population.AllLearners[0].Imagined;
                // μ is the second network, or stands after V in the trunk's outputs
                (int parameters, int statistics) = shape.SharedTrunk ? (0, 0) : (first.Parameters, first.Statistics);
                return GpuDevice.Construct(() => new GpuRollouts(gpu, definition, shape, population.InputScale, population.Learners, rollouts,
                    new LearnerArray(arrays.States, arrays.Layout.Parameters + parameters, arrays.Layout.Row),
                    new LearnerArray(arrays.States, arrays.Layout.Statistics + statistics, arrays.Layout.Row),
                    new LearnerArray(arrays.Imagined, 0, (long)imagined.Capacity * imagined.RowLength), prepare: trainer.PrepareImagination));
            default:
                throw new DeviceException($"the learners do not live on {device.Info.Name}; imagine on the device of the population");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        foreach (RolloutStarts starts in _starts) starts.Dispose();
    }
}
