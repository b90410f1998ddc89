using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Model-predictive control of a task under MuJoCo's true dynamics: at every control step, iLQG improves a plan over a
/// finite horizon (Tassa, Erez and Todorov 2012) and its first action is applied; the rest warm-starts the next step.
/// Actions depend only on seed, episode and states, bitwise, not on the number of threads. In training, it generates
/// experience without model error (paper, 8.6).
/// </summary>
internal sealed class MpcPlanner : IEpisodePlanner, IDisposable
{
    /// <summary>Seconds between the knots of random plans and changes, which are linear in between.</summary>
    private const double KnotSeconds = 0.15;

    private readonly ControlTask _task;
    private readonly MpcSettings _settings;
    private readonly PlanTeam _team;
    private readonly double[] _simulation;
    private readonly int _knot;
    private ulong _seed, _episode;
    private int _planned = -1;

    /// <summary>Creates a planner; <see cref="Begin"/> starts an episode.</summary>
    /// <param name="team">
    /// Threads that plan together; a team of one if planners run in parallel on their own threads.
    /// </param>
    public MpcPlanner(ControlTask task, MpcSettings settings, WorkTeam team)
    {
        (_task, _settings) = (task, settings);
        Steps = Math.Clamp((int)Math.Round(settings.HorizonSeconds / task.ControlStep), 1, task.Horizon);
        _knot = Math.Max(1, (int)Math.Round(KnotSeconds / task.ControlStep));
        _team = new PlanTeam(team, () => new MujocoPlanModel(task, settings.BoundWeight));
        Search = new MpcSearch(_team, Steps, settings);
        _simulation = new double[_team.Models[0].StateSize];
    }

    /// <summary>Planning horizon, control steps.</summary>
    public int Steps { get; }

    internal MpcSearch Search { get; }

    /// <summary>Outcomes of its iterations so far.</summary>
    public MpcStatistics Statistics => Search.Statistics;

    /// <summary>Begins an episode; the plan of the last one is discarded.</summary>
    /// <param name="seed">Seed of the random plans.</param>
    public void Begin(ulong seed, ulong episode) => (_seed, _episode, _planned) = (seed, episode, -1);

    void IEpisodePlanner.Begin(IControlEnvironment environment, ulong seed, ulong episode) => Begin(seed, episode);

    /// <summary>Selects the action for the current state of an environment.</summary>
    /// <param name="at">
    /// An environment of the task, within an episode; not modified. Steps may be skipped between two calls.
    /// </param>
    /// <param name="action">[ActionSize], receives u in [−1, 1].</param>
    public void Act(IControlEnvironment at, Span<double> action)
    {
        var environment = (ControlEnvironment)at;
        if (environment.Task != _task)
            throw new ArgumentException($"the environment is of another task; give one of the planner's, {_task.Name}");
        int step = environment.StepIndex, remaining = _task.Horizon - step, length = Math.Min(Steps, remaining);
        if (length < 1)
            throw new ArgumentException($"{_task.Name}: the episode ended after step {step}; there is nothing to plan");
        environment.SaveSimulation(_simulation);
        foreach (IPlanModel model in _team.Models) ((MujocoPlanModel)model).Begin(environment.Constants);

        // no reward follows the last step of an episode
        double endWeight = length == remaining ? 0 : 1;
        var noise = new PlanNoise(_seed, _episode, step, _knot);
        bool cold = _planned < 0 || step < _planned;
        if (cold) Search.Begin(_simulation, length, endWeight, noise);
        else Search.Continue(_simulation, step - _planned, length, endWeight, noise);
        Search.Improve(cold ? _settings.ColdIterations : _settings.Iterations);
        _planned = step;
        Search.Plan.Action(0).CopyTo(action);
    }

    /// <summary>Saves or loads the state within an episode; the actions that follow are bitwise the same.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another task or a longer horizon.</exception>
    public void Serialise(CheckpointScope scope)
    {
        (_seed, _episode) = (scope.Value("seed", _seed), scope.Value("episode", _episode));
        _planned = scope.Value("planned", _planned);
        if (_planned >= 0) Search.Serialise(scope.Scope("plan"));
    }

    public void Dispose() => _team.Dispose();
}
