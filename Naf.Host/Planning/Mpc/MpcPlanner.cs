using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Model-predictive control of a task under MuJoCo's true dynamics: at every control step a plan for the next while is
/// improved by iLQG (Tassa, Erez and Todorov 2012) and its first action taken; the rest is where the next step begins.
/// Actions depend on seed, episode and states alone, bitwise, not on the number of threads. In training it makes
/// experience that no model error spoils (paper, 8.6).
/// </summary>
internal sealed class MpcPlanner : IEpisodePlanner, IDisposable
{
    /// <summary>Seconds between the knots of random plans and changes, which are straight between them.</summary>
    private const double KnotSeconds = 0.15;

    private readonly ControlTask _task;
    private readonly MpcSettings _settings;
    private readonly PlanTeam _team;
    private readonly double[] _simulation;
    private readonly int _knot;
    private ulong _seed, _episode;
    private int _planned = -1;

    /// <summary>A planner that waits for its first <see cref="Begin"/>.</summary>
    /// <param name="team">
    /// Threads that plan together; a team of one where planners run side by side on threads of their own.
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

    /// <summary>Steps that a plan looks ahead.</summary>
    public int Steps { get; }

    internal MpcSearch Search { get; }

    /// <summary>What its iterations came to so far.</summary>
    public MpcStatistics Statistics => Search.Statistics;

    /// <summary>Begins an episode: the plan of the last one is forgotten.</summary>
    /// <param name="seed">Seed of the random plans.</param>
    public void Begin(ulong seed, ulong episode) => (_seed, _episode, _planned) = (seed, episode, -1);

    void IEpisodePlanner.Begin(IControlEnvironment environment, ulong seed, ulong episode) => Begin(seed, episode);

    /// <summary>The action for the state in which an environment is.</summary>
    /// <param name="at">
    /// An environment of the task, amid an episode; it is not changed. Steps without a call may lie between two calls.
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

        // what follows the last step of an episode is not rewarded
        double endWeight = length == remaining ? 0 : 1;
        var noise = new PlanNoise(_seed, _episode, step, _knot);
        bool cold = _planned < 0 || step < _planned;
        if (cold) Search.Begin(_simulation, length, endWeight, noise);
        else Search.Continue(_simulation, step - _planned, length, endWeight, noise);
        Search.Improve(cold ? _settings.ColdIterations : _settings.Iterations);
        _planned = step;
        Search.Plan.Action(0).CopyTo(action);
    }

    /// <summary>What the planner goes on from amid an episode: bitwise the same actions follow.</summary>
    /// <exception cref="InvalidDataException">It was another task's, or planned further ahead.</exception>
    public void Serialise(CheckpointScope scope)
    {
        (_seed, _episode) = (scope.Value("seed", _seed), scope.Value("episode", _episode));
        _planned = scope.Value("planned", _planned);
        if (_planned >= 0) Search.Serialise(scope.Scope("plan"));
    }

    public void Dispose() => _team.Dispose();
}
