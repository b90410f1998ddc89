using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Engines;

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
    private readonly RolloutSettings[] _settings;
    private readonly RolloutStarts[] _starts;
    private readonly RolloutReport[] _reports;
    private readonly IRolloutEngine _engine;
    private readonly bool[] _modelled;

    /// <param name="device">The population's device.</param>
    /// <param name="population">Whose policies act, and whose R_f takes what they meet.</param>
    /// <param name="definition">What is imagined.</param>
    /// <param name="settings">One entry per learner.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the parts do not fit together.</exception>
    /// <exception cref="DeviceException">The device has no room for it, or no kernels.</exception>
    public ImaginationRollouts(Device device, NafPopulation population, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings)
        : this(device, population, definition, settings, plan: null)
    {
    }

    /// <param name="plan">How to lay the work onto a GPU; null: as <see cref="RolloutPlan.Choose"/> says.</param>
    internal ImaginationRollouts(
        Device device, NafPopulation population, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings, RolloutPlan? plan)
        : this(population.Shape, definition, settings, population.AllLearners,
            () => MakeEngine(device, population, definition, settings.Sum(s => (long)s.Rollouts), plan))
    {
    }

    /// <param name="learners">Whose policies act.</param>
    /// <param name="makeEngine">What the device does, made when all has been checked.</param>
    internal ImaginationRollouts(
        NafShape shape, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings, Learner[] learners, Func<IRolloutEngine> makeEngine)
    {
        if (shape.State != definition.Observation.Size || shape.Action != definition.Dynamics.Action)
            throw new ArgumentException(
                $"the networks are for {shape.State} observations and {shape.Action} actions, and the task has {definition.Observation.Size} and "
                + $"{definition.Dynamics.Action}; make both from the same task");
        if (learners[0].Imagined.Capacity == 0)
            throw new ArgumentException("the learners have no room for imagined transitions; make the population with a capacity of R_f");
        if (settings.Count != learners.Length)
            throw new ArgumentException($"{settings.Count} settings are given for {learners.Length} learners; give one to each");
        foreach (RolloutSettings s in settings) s.Check(definition.Dynamics.State);
        (Definition, _learners, _settings) = (definition, learners, [.. settings]);
        (_reports, _modelled) = (new RolloutReport[learners.Length], new bool[learners.Length]);
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

    /// <summary>Takes over a learner's newly fitted model; until then it has nothing to imagine in.</summary>
    /// <param name="dynamics">[Horizon, PackedStep], the packed model.</param>
    /// <exception cref="ArgumentException">The model has another size.</exception>
    public void SetDynamics(int learner, ReadOnlySpan<float> dynamics)
    {
        if (dynamics.Length != ModelLength)
            throw new ArgumentException($"the packed model has {dynamics.Length} numbers, and {Definition.Dynamics} need {ModelLength}");
        _engine.SetDynamics(learner, dynamics);
        _modelled[learner] = true;
    }

    /// <summary>Takes over a learner's newly fitted model that is on the same GPU.</summary>
    /// <param name="dynamics">Has the packed model, [Horizon, PackedStep], from element <paramref name="first"/> on.</param>
    /// <exception cref="ArgumentException">The model is not there, or elsewhere.</exception>
    public void SetDynamics(int learner, DeviceBuffer<float> dynamics, long first)
    {
        _engine.SetDynamics(learner, dynamics, first);
        _modelled[learner] = true;
    }

    /// <summary>Imagines for every active learner, from its starts.</summary>
    /// <exception cref="InvalidOperationException">A learner with starts has no model yet.</exception>
    /// <exception cref="ArgumentException">A start is not possible.</exception>
    public void Run()
    {
        for (int k = 0; k < _starts.Length; k++)
        {
            _starts[k].Check();
            if (_starts[k].Count > 0 && !_modelled[k])
                throw new InvalidOperationException($"learner {k} has no model to imagine in yet; call SetDynamics after its first fit");
        }
        _engine.Run(new RolloutCall(_learners, _settings, _starts, _reports));
    }

    private int ModelLength => Definition.Dynamics.Horizon * Definition.Dynamics.PackedStep;

    private static IRolloutEngine MakeEngine(
        Device device, NafPopulation population, RolloutDefinition definition, long rollouts, RolloutPlan? plan) => device switch
    {
        CpuDevice cpu when population.Gpu is null =>
            new CpuRollouts(cpu, definition, population.Shape, population.InputScale, population.Learners),
        GpuDevice gpu when population.Gpu is { } trainer && trainer.States.Device == gpu =>
            GpuRollouts.Create(gpu, definition, population, trainer, rollouts, plan),
        _ => throw new DeviceException($"the learners do not live on {device.Info.Name}; imagine on the device of the population"),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        foreach (RolloutStarts starts in _starts) starts.Dispose();
    }
}
