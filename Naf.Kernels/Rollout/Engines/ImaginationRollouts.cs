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
internal sealed class ImaginationRollouts : IDisposable
{
    private readonly RolloutCall _call;
    private readonly IRolloutEngine _engine;
    private readonly bool[] _modelled;

    /// <param name="device">The population's device.</param>
    /// <param name="population">Whose policies act, and whose R_f takes what they meet.</param>
    /// <param name="definition">What is imagined.</param>
    /// <param name="settings">One entry per learner.</param>
    /// <param name="plan">How to lay the work onto a GPU; null: as fits it best.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the parts do not fit together.</exception>
    /// <exception cref="DeviceException">The device has no room for it, or no kernels.</exception>
    public ImaginationRollouts(
        Device device, NafPopulation population, RolloutDefinition definition, IReadOnlyList<RolloutSettings> settings,
        RolloutPlan? plan = null)
    {
        (NafShape shape, Learner[] learners) = (population.Shape, population.AllLearners);
        if (shape.State != definition.Observation.Size || shape.Action != definition.Dynamics.Action)
            throw new ArgumentException(
                $"the networks are for {shape.State} observations and {shape.Action} actions, and the task has "
                + $"{definition.Observation.Size} and {definition.Dynamics.Action}; make both from the same task");
        if (learners[0].Imagined.Capacity == 0)
            throw new ArgumentException(
                "the learners have no room for imagined transitions; make the population with a capacity of R_f");
        if (settings.Count != learners.Length)
            throw new ArgumentException(
                $"{settings.Count} settings are given for {learners.Length} learners; give one to each");
        foreach (RolloutSettings s in settings) s.Check(definition.Dynamics.State);
        (Definition, _modelled) = (definition, new bool[learners.Length]);
        RolloutStarts[] starts = [.. settings.Select(s => new RolloutStarts(definition, s.Rollouts))];
        _call = new RolloutCall(learners, [.. settings], starts, new RolloutReport[learners.Length]);
        _engine = device switch
        {
            CpuDevice cpu when population.Gpu is null => new CpuRollouts(cpu, definition, population),
            GpuDevice gpu when population.Gpu?.States.Device == gpu => BufferScope.Construct(gpu, scope =>
                new GpuRollouts(scope, definition, population,
                    plan ?? RolloutPlan.Choose(gpu, definition, shape, settings.Sum(s => (long)s.Rollouts)))),
            _ => throw new DeviceException(
                $"the learners do not live on {device.Info.Name}; imagine on the device of the population"),
        };
    }

    /// <summary>What is imagined.</summary>
    public RolloutDefinition Definition { get; }

    /// <summary>Where a learner's rollouts of the next call start: fill it before each <see cref="Run"/>.</summary>
    public RolloutStarts Starts(int learner) => _call.Starts[learner];

    /// <summary>How a learner imagines.</summary>
    public RolloutSettings Settings(int learner) => _call.Settings[learner];

    /// <summary>Changes how a learner imagines, such as the bounds of its states; not the number of rollouts.</summary>
    /// <exception cref="ArgumentException">A value is out of range, or asks for more rollouts than at the beginning.</exception>
    public void SetSettings(int learner, RolloutSettings settings)
    {
        settings.Check(Definition.Dynamics.State);
        if (settings.Rollouts > _call.Starts[learner].Capacity)
            throw new ArgumentException(
                $"{settings.Rollouts} rollouts are more than the {_call.Starts[learner].Capacity} that were prepared; "
                + "ask for them at first");
        _call.Settings[learner] = settings;
    }

    /// <summary>What a learner's imagination made in the last call.</summary>
    public RolloutReport Report(int learner) => _call.Reports[learner];

    /// <summary>How the work is laid onto the device, in words; results are bitwise the same for the same plan.</summary>
    public string Plan => _engine.Plan;

    /// <summary>Takes over a learner's newly fitted model; until then it has nothing to imagine in.</summary>
    /// <param name="dynamics">[Horizon, PackedStep], the packed model.</param>
    /// <exception cref="ArgumentException">The model has another size.</exception>
    public void SetDynamics(int learner, ReadOnlySpan<float> dynamics)
    {
        int length = Definition.Dynamics.Horizon * Definition.Dynamics.PackedStep;
        if (dynamics.Length != length)
            throw new ArgumentException(
                $"the packed model has {dynamics.Length} numbers, and {Definition.Dynamics} need {length}");
        _engine.SetDynamics(learner, dynamics);
        _modelled[learner] = true;
    }

    /// <summary>Takes over a learner's newly fitted model that is on the same GPU.</summary>
    /// <param name="dynamics">Has the packed model, [Horizon, PackedStep], from element <paramref name="first"/> on.</param>
    /// <exception cref="ArgumentException">The model is not there, or elsewhere.</exception>
    public void SetDynamics(int learner, DeviceBuffer<float> dynamics, long first)
    {
        if (_engine is not GpuRollouts gpu)
            throw new ArgumentException(
                $"the model is on {dynamics.Device.Info.Name} and the learners on cpu; give it from host memory");
        gpu.SetDynamics(learner, dynamics, first);
        _modelled[learner] = true;
    }

    /// <summary>Imagines for every active learner, from its starts.</summary>
    /// <exception cref="InvalidOperationException">A learner with starts has no model yet.</exception>
    /// <exception cref="ArgumentException">A start is not possible.</exception>
    public void Run()
    {
        for (int k = 0; k < _modelled.Length; k++)
        {
            _call.Starts[k].Check();
            if (_call.Starts[k].Count > 0 && !_modelled[k])
                throw new InvalidOperationException(
                    $"learner {k} has no model to imagine in yet; call SetDynamics after its first fit");
        }
        _engine.Run(_call);
    }

    /// <inheritdoc/>
    public void Dispose() => _engine.Dispose();
}
