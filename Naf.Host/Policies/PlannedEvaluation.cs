using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>
/// Runs the planner on fixed seeded starts, the same as every policy's, and times it. Its threads plan together, an
/// episode at a time.
/// </summary>
internal sealed class PlannedEvaluation : IDisposable
{
    private readonly ControlTask _task;
    private readonly WorkTeam _team;
    private readonly MpcPlanner _planner;
    private readonly Evaluator _evaluation;
    private readonly MpcSettings _settings;
    private TimeSpan _first, _others;
    private int _episodes, _steps;

    /// <param name="threads">Threads; 0: one per core.</param>
    public PlannedEvaluation(ControlTask task, MpcSettings settings, int threads)
    {
        (_task, _settings) = (task, settings);
        _team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        _planner = new MpcPlanner(task, settings, _team);
        _evaluation = new Evaluator(task);
    }

    /// <summary>How far <see cref="Run"/> has come, for a display; may be asked by another thread.</summary>
    public (double Done, double Most, string Text) Progress(int episodes)
    {
        int steps = Volatile.Read(ref _steps);
        return (steps, (double)episodes * _task.Horizon, string.Create(
            CultureInfo.InvariantCulture,
            $"episode {Math.Min(Volatile.Read(ref _episodes), episodes)}/{episodes}, step {steps}"));
    }

    /// <summary>Scores of some episodes, put together, and what planning took.</summary>
    /// <param name="seed">Seed of the starts and of the planner.</param>
    /// <param name="first">Takes the first episode down, where given.</param>
    /// <exception cref="Naf.Sim.Mujoco.SimulationException">An episode left the finite numbers.</exception>
    public PlannedResult Run(ulong seed, int episodes, Trajectory? first = null)
    {
        EvaluationResult scores = Evaluator.Run(_task, episodes, i => Episode(seed, (ulong)i, i == 0 ? first : null));
        double perStep = _others.TotalMilliseconds / (_steps - _episodes), span = 1000 * _task.ControlStep;
        return new PlannedResult(scores, new PlanningReport(
            perStep, span, span / perStep, _first.TotalMilliseconds / _episodes, _planner.Steps * _task.ControlStep,
            _settings.Iterations,
            _team.Threads, _planner.Statistics.ByLineSearch, _planner.Statistics.ByRandomChange,
            _planner.Statistics.NotAtAll));
    }

    /// <summary>One episode: its score, and whether it was a success.</summary>
    /// <param name="seed">Seed of the start and of the planner.</param>
    /// <param name="record">Takes the episode down, where given.</param>
    public (double Score, bool Success) Episode(ulong seed, ulong episode, Trajectory? record = null)
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

/// <summary>What a number of planned episodes came to.</summary>
internal sealed record PlannedResult(EvaluationResult Scores, PlanningReport Planning);

/// <summary>What planning took, and how it went.</summary>
/// <param name="MillisecondsPerStep">
/// Mean time of planning at a control step, without the first of each episode.
/// </param>
/// <param name="RealTime">
/// Duration of a control step over the time of planning it: above 1 the robot would not wait.
/// </param>
/// <param name="FirstStepMilliseconds">
/// Mean time of planning at an episode's first step, which has more iterations.
/// </param>
/// <param name="HorizonSeconds">How far a plan looks ahead.</param>
/// <param name="ByLineSearch">Iterations that improved the plan by iLQG's line search.</param>
/// <param name="ByRandomChange">Iterations that improved it by a random change.</param>
/// <param name="NotAtAll">Iterations that left it as it was.</param>
internal sealed record PlanningReport(
    double MillisecondsPerStep, double ControlStepMilliseconds, double RealTime, double FirstStepMilliseconds,
    double HorizonSeconds, int Iterations,
    int Threads, long ByLineSearch, long ByRandomChange, long NotAtAll)
{
    /// <summary>The same in two lines.</summary>
    public string Describe()
    {
        double count = Math.Max(1, ByLineSearch + ByRandomChange + NotAtAll);
        return $"planning: {Texts.Number(MillisecondsPerStep)} ms for a control step "
            + $"of {Texts.Number(ControlStepMilliseconds)} ms "
            + $"({Texts.Number(RealTime)} times real time), {Texts.Number(FirstStepMilliseconds)} ms for an "
            + "episode's first; "
            + $"{Texts.Number(HorizonSeconds)} s ahead, threads {Threads}{Environment.NewLine}"
            + $"plans improved by the line search {Share(ByLineSearch)}, by a random change {Share(ByRandomChange)}, "
            + $"not at all {Share(NotAtAll)}";

        string Share(long iterations) => $"{Texts.Number(100 * iterations / count)} %";
    }
}
