using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>
/// Evaluates and times the planner from the same seeded initial states as every policy. Its threads plan together, one
/// episode at a time.
/// </summary>
internal sealed class PlannedEvaluation : IDisposable
{
    private readonly ControlTask _task;
    private readonly WorkTeam _team;
    private readonly MpcPlanner _planner;
    private readonly Evaluator _evaluation;
    private readonly MpcSettings _settings;
    private readonly UnstableSimulation _unstable;
    private TimeSpan _first, _others;
    private int _episodes, _steps;

    /// <param name="threads">Number of threads; 0: one per core.</param>
    /// <param name="unstable">What becomes of an episode whose simulation breaks down.</param>
    /// <param name="stop">Ends an episode before its next step, by an OperationCanceledException.</param>
    /// <exception cref="UserException">The task is model-free, or draws parameters of the model.</exception>
    public PlannedEvaluation(
        ControlTask task, MpcSettings settings, int threads, UnstableSimulation unstable = UnstableSimulation.Fail,
        CancellationToken stop = default)
    {
        DynamicsSpace.Require(task, mpc: true);
        (_task, _settings, _unstable) = (task, settings, unstable);
        _team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        _planner = new MpcPlanner(task, settings, _team);
        _evaluation = new Evaluator(task, unstable) { Stop = stop };
    }

    /// <summary>Progress of <see cref="Run"/> for a display; may be read from another thread.</summary>
    public (double Done, double Most, string Text) Progress(int episodes)
    {
        int steps = Volatile.Read(ref _steps);
        return (steps, (double)episodes * _task.Horizon, string.Create(
            CultureInfo.InvariantCulture,
            $"episode {Math.Min(Volatile.Read(ref _episodes), episodes)}/{episodes}, step {steps}"));
    }

    /// <summary>Runs episodes; returns their scores and the planning times.</summary>
    /// <param name="seed">Seed of the initial states and of the planner.</param>
    /// <param name="first">Records the first episode, if given.</param>
    /// <exception cref="Naf.Sim.Mujoco.SimulationException">The simulation is no longer finite.</exception>
    public PlannedResult Run(ulong seed, int episodes, Trajectory? first = null)
    {
        EvaluationResult scores = Evaluator.Summarise(
            [.. Enumerable.Range(0, episodes).Select(i => Episode(seed, (ulong)i, i == 0 ? first : null))], _task,
            _unstable);
        double perStep = _others.TotalMilliseconds / (_steps - _episodes), span = 1000 * _task.ControlStep;
        return new PlannedResult(scores, new PlanningReport(
            perStep, span, span / perStep, _first.TotalMilliseconds / _episodes, _planner.Steps * _task.ControlStep,
            _settings.Iterations, _team.Threads, _planner.Statistics.ByLineSearch, _planner.Statistics.ByRandomChange,
            _planner.Statistics.NotAtAll));
    }

    /// <summary>Runs one episode.</summary>
    /// <param name="seed">Seed of the initial state and of the planner.</param>
    /// <param name="record">Records the episode, if given.</param>
    public EpisodeOutcome Episode(ulong seed, ulong episode, Trajectory? record = null)
    {
        Volatile.Write(ref _episodes, _episodes + 1);
        _planner.Begin(seed, episode);
        return _evaluation.Episode(Act, seed, episode, record);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _evaluation.Dispose();
        _planner.Dispose();
        _team.Dispose();
    }

    private void Act(IControlEnvironment environment, Span<double> action)
    {
        long start = Stopwatch.GetTimestamp();
        _planner.Act(environment, action);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        if (environment.StepIndex == 0) _first += elapsed;
        else _others += elapsed;
        Volatile.Write(ref _steps, _steps + 1);
    }
}

/// <summary>Scores and planning times of planned episodes.</summary>
internal sealed record PlannedResult(EvaluationResult Scores, PlanningReport Planning);

/// <summary>Planning times and outcomes of the iterations.</summary>
/// <param name="MillisecondsPerStep">Mean planning time of a control step, without the first of each episode.</param>
/// <param name="RealTime">Control step over planning time: above 1 the robot would not wait.</param>
/// <param name="FirstStepMilliseconds">
/// Mean planning time of an episode's first step, which has more iterations.
/// </param>
/// <param name="HorizonSeconds">Planning horizon, seconds.</param>
/// <param name="ByLineSearch">Iterations that improved the plan by iLQG's line search.</param>
/// <param name="ByRandomChange">Iterations that improved it by a random change.</param>
/// <param name="NotAtAll">Iterations without improvement.</param>
internal sealed record PlanningReport(
    double MillisecondsPerStep, double ControlStepMilliseconds, double RealTime, double FirstStepMilliseconds,
    double HorizonSeconds, int Iterations, int Threads, long ByLineSearch, long ByRandomChange, long NotAtAll)
{
    /// <summary>The report as two lines of text.</summary>
    public string Describe()
    {
        double count = Math.Max(1, ByLineSearch + ByRandomChange + NotAtAll);
        return $"planning: {Texts.Number(MillisecondsPerStep)} ms for a control step "
            + $"of {Texts.Number(ControlStepMilliseconds)} ms ({Texts.Number(RealTime)} times real time), "
            + $"{Texts.Number(FirstStepMilliseconds)} ms for an episode's first; "
            + $"{Texts.Number(HorizonSeconds)} s ahead, threads {Threads}{Environment.NewLine}"
            + $"plans improved by the line search {Share(ByLineSearch)}, by a random change {Share(ByRandomChange)}, "
            + $"not at all {Share(NotAtAll)}";

        string Share(long iterations) => $"{Texts.Number(100 * iterations / count)} %";
    }
}
