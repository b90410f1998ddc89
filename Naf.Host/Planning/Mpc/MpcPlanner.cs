using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Model-predictive control of a task under MuJoCo's true dynamics: at every control step a plan for the next while is improved by iLQG (Tassa, Erez
/// and Todorov 2012) and its first action taken; the rest is where the next step begins. Actions depend on seed, episode and states alone, bitwise,
/// not on the number of threads.
/// </summary>
public sealed class MpcPlanner : IDisposable
{
    private readonly ControlTask _task;
    private readonly MpcSettings _settings;
    private readonly PlanTeam _team;
    private readonly MpcSearch _search;
    private readonly double[] _simulation;
    private readonly int _steps, _knot;
    private ulong _seed, _episode;
    private int _planned = -1;

    /// <summary>A planner that waits for its first <see cref="Begin"/>.</summary>
    /// <param name="task">The task.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="team">Threads that plan together; a team of one where planners run side by side on threads of their own.</param>
    public MpcPlanner(ControlTask task, MpcSettings settings, WorkTeam team)
    {
        (_task, _settings) = (task, settings);
        _steps = Math.Clamp((int)Math.Round(settings.HorizonSeconds / task.ControlStep), 1, task.Horizon);
        _knot = Math.Max(1, (int)Math.Round(settings.KnotSeconds / task.ControlStep));
        _team = new PlanTeam(team, () => new MujocoPlanModel(task, settings.Hessian, settings.BoundWeight));
        _search = new MpcSearch(_team, _steps, settings);
        _simulation = new double[_team.Models[0].StateSize];
    }

    /// <summary>Steps that a plan looks ahead.</summary>
    public int Steps => _steps;

    internal MpcSearch Search => _search;

    /// <summary>What its iterations came to so far.</summary>
    public MpcStatistics Statistics => _search.Statistics;

    /// <summary>Begins an episode: the plan of the last one is forgotten.</summary>
    /// <param name="seed">Seed of the random plans.</param>
    /// <param name="episode">Number of the episode.</param>
    public void Begin(ulong seed, ulong episode) => (_seed, _episode, _planned) = (seed, episode, -1);

    /// <summary>The action for the state in which an environment is.</summary>
    /// <param name="environment">
    /// An environment of the task, amid an episode; it is not changed. Steps without a call may lie between two calls.
    /// </param>
    /// <param name="action">[ActionSize], receives u in [−1, 1].</param>
    public void Act(ControlEnvironment environment, Span<double> action)
    {
        if (environment.Task != _task) throw new ArgumentException($"the environment is of another task; give one of the planner's, {_task.Name}");
        int step = environment.StepIndex, remaining = _task.Horizon - step, length = Math.Min(_steps, remaining);
        if (length < 1) throw new ArgumentException($"{_task.Name}: the episode ended after step {step}; there is nothing to plan");
        environment.SaveSimulation(_simulation);
        foreach (IPlanModel model in _team.Models) ((MujocoPlanModel)model).Begin(environment.Constants);

        // what follows the last step of an episode is not rewarded
        double endWeight = length == remaining ? 0 : _settings.TerminalWeight;
        var noise = new PlanNoise(_seed, _episode, step, _knot);
        bool cold = _planned < 0 || step < _planned;
        if (cold) _search.Begin(_simulation, length, endWeight, noise);
        else _search.Continue(_simulation, step - _planned, length, endWeight, noise);
        _search.Improve(cold ? _settings.ColdIterations : _settings.Iterations);
        _planned = step;
        _search.Plan.Action(0).CopyTo(action);
    }

    /// <summary>Writes what the planner goes on from amid an episode: bitwise the same actions follow.</summary>
    public void Save(BinaryWriter writer)
    {
        writer.Write(_seed);
        writer.Write(_episode);
        writer.Write(_planned);
        if (_planned >= 0) _search.Save(writer);
    }

    /// <summary>Reads what a planner of the same task and settings wrote.</summary>
    /// <exception cref="InvalidDataException">It was another task's, or planned further ahead.</exception>
    public void Load(BinaryReader reader)
    {
        (_seed, _episode, _planned) = (reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt32());
        if (_planned >= 0) _search.Load(reader);
    }

    /// <inheritdoc/>
    public void Dispose() => _team.Dispose();
}
