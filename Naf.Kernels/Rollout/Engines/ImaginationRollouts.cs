using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Imagination rollouts (paper, section 5 and Algorithm 2): from given states, the policies of all learners act for
/// some steps in their fitted models, and the transitions are stored in their imagined replays R_f.
/// <code>
/// x = h(s, c),  u = clip(μ(x) + σ ε, −1, 1),  s′ = F_t [s; u] + f_t + chol(N_t) ε′
/// x′ = h(s′, c),  r = r(x, u),  t ← t + 1
/// </code>
/// A rollout ends after l steps, at its end step (by default the horizon), or at a terminal state (its last row has
/// b = 0 and the termination reward). It is cut, and its last transition is not stored, if s′ leaves the bounds or a
/// number is not finite. Rows are stored in the order (rollout, step). Learner k's results do not depend on the other
/// learners or on the number of threads, bitwise. A call allocates nothing once the replays have grown.
/// </summary>
internal sealed class ImaginationRollouts : IDisposable
{
    private readonly RolloutCall _call;
    private readonly IRolloutEngine _engine;
    private readonly PackedModels _models;

    /// <param name="population">The learners, with their policies and imagined replays R_f.</param>
    /// <param name="models">
    /// The learners' models on the same device; must outlive this object. If a learner has several consecutive models
    /// of T time steps, the horizon of <paramref name="definition"/> is their total.
    /// </param>
    /// <param name="settings">One entry per learner.</param>
    /// <param name="plan">Launch plan for a GPU; null: chosen automatically.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the parts do not match.</exception>
    /// <exception cref="DeviceException">The device is out of memory or has no kernels for rollouts.</exception>
    public ImaginationRollouts(
        Device device, LearnerPopulation population, RolloutDefinition definition, PackedModels models,
        IReadOnlyList<RolloutSettings> settings, RolloutPlan? plan = null)
    {
        (LearnerShape shape, Learner[] learners) = (population.Shape, population.AllLearners);
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
        long length = (long)learners.Length * definition.Dynamics.Horizon * definition.Dynamics.PackedStep;
        if ((long)models.Count * models.Length != length)
            throw new ArgumentException(
                $"{models.Count} models have {models.Length} numbers each, and {learners.Length} learners with "
                + $"{definition.Dynamics} need {length}");
        foreach (RolloutSettings s in settings) s.Check(definition.Dynamics.State);
        (Definition, _models) = (definition, models);
        RolloutStarts[] starts = [.. settings.Select(s => new RolloutStarts(definition, s.Rollouts))];
        _call = new RolloutCall(learners, [.. settings], starts, new RolloutReport[learners.Length]);
        _engine = device switch
        {
            CpuDevice cpu when population.Gpu is null && models.OnHost is not null =>
                new CpuRollouts(cpu, definition, population, models, _call),
            GpuDevice gpu when population.Gpu?.States.Device == gpu && models.OnDevice?.Device == gpu =>
                BufferScope.Construct(gpu, scope => new GpuRollouts(scope, definition, population, models, _call,
                    plan ?? RolloutPlan.Choose(gpu, definition, shape, settings.Sum(s => (long)s.Rollouts)))),
            _ => throw new DeviceException(
                $"the learners or their models do not live on {device.Info.Name}; imagine on their device"),
        };
    }

    public RolloutDefinition Definition { get; }

    /// <summary>Start states of a learner's rollouts, to be filled before each <see cref="Run"/>.</summary>
    public RolloutStarts Starts(int learner) => _call.Starts[learner];

    public RolloutSettings Settings(int learner) => _call.Settings[learner];

    /// <summary>Changes a learner's settings, such as the bounds of its states.</summary>
    /// <exception cref="ArgumentException">A value is out of range, Rollouts grows, or Steps changes.</exception>
    public void SetSettings(int learner, RolloutSettings settings)
    {
        settings.Check(Definition.Dynamics.State);
        (int rollouts, int steps) = (_call.Starts[learner].Capacity, _call.Settings[learner].Steps);
        if (settings.Rollouts > rollouts || settings.Steps != steps)
            throw new ArgumentException(
                $"{settings.Rollouts} rollouts of {settings.Steps} steps are not the {rollouts} of {steps} that were "
                + "prepared; ask for them at first");
        _call.Settings[learner] = settings;
    }

    /// <summary>Result of a learner's rollouts in the last call.</summary>
    public RolloutReport Report(int learner) => _call.Reports[learner];

    /// <summary>Runs the rollouts of every active learner from its starts.</summary>
    /// <exception cref="InvalidOperationException">A learner with starts has no model yet.</exception>
    /// <exception cref="ArgumentException">A start is invalid.</exception>
    public void Run()
    {
        int models = _models.Count / _call.Learners.Length;
        for (int k = 0; k < _call.Learners.Length; k++)
        {
            _call.Starts[k].Check();
            if (_call.Starts[k].Count > 0 && !_models.IsKnown(k * models))
                throw new InvalidOperationException($"learner {k} has no model to imagine in; write one first");
        }
        _engine.Run();
    }

    public void Dispose() => _engine.Dispose();
}
