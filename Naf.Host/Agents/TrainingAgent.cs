using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Processes;

namespace Naf.Host.Agents;

/// <summary>
/// The loop of training for a population of learners (paper, Algorithm 1; Algorithm 2 with imagination rollouts and
/// planned episodes), by NAF or DDPG. Learner k has seed + k and its own environment and noise process. All learners
/// take a step, then one call updates them all. What a learner learns depends neither on the others nor on the number
/// of threads. Departures from the papers: docs/algorithms/naf.md, ddpg.md and imagination.md.
/// </summary>
internal sealed class TrainingAgent : IDisposable
{
    private readonly IControlTask _task;
    private readonly TrainingSettings _settings;
    private readonly LearnerPopulation _population;
    private readonly WorkTeam _team;
    private readonly Actor[] _actors;
    private readonly PopulationImagination? _imagination;
    private readonly int _imaginedUpdates;
    private readonly Evaluator[] _tests;
    private readonly Action<int> _explore, _test;
    private readonly float[] _x, _u, _lower;
    private readonly DisposeScope _owned = new();

    /// <param name="task">The task; must outlive the agent.</param>
    /// <param name="device">Device of the learners.</param>
    /// <param name="team">Threads for the environments.</param>
    /// <exception cref="UserException">Imagination or planning does not suit the task.</exception>
    public TrainingAgent(IControlTask task, TrainingSettings settings, Device device, WorkTeam team)
    {
        (_task, _settings, _team, _imaginedUpdates) = (task, settings, team, settings.ImaginedUpdates);
        if (settings.Plan.Kind == PlanKind.Mpc) DynamicsSpace.Require(task, mpc: true);
        try
        {
            _population = _owned.Add(CreatePopulation(task, settings, device));
            if (settings.Imagination.Kind != ImaginationKind.Off || settings.Plan.Kind == PlanKind.Ilqg)
                _imagination = new PopulationImagination(_owned, task, settings, _population, device, team);
            _actors = [.. Enumerable.Range(0, settings.Learners).Select(k =>
                _owned.Add(new Actor(task, settings, _population, k, _imagination?.Memory(k), Planner(task, k))))];
            int sideBySide = Math.Min(team.Threads, settings.Learners);
            _tests = [.. Enumerable.Range(0, sideBySide).Select(_ =>
                _owned.Add(new Evaluator(task, settings.UnstableSimulation)))];
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
        (_x, _u) =
            (new float[settings.Learners * task.ObservationSize], new float[settings.Learners * task.ActionSize]);
        _lower = new float[settings.Learners * _population.Shape.Packed];
        _explore = worker =>
        {
            for (int k = worker; k < _actors.Length; k += team.Threads)
                if (_actors[k].Phase == ActorPhase.Acting) Explore(_actors[k]);
        };
        _test = worker =>
        {
            for (int k = worker; k < _actors.Length; k += team.Threads)
                if (_actors[k] is var e && IsTestDue(e)) UnlessFailed(() => e.Test(_tests[worker]));
        };
    }

    /// <summary>Launch plan of the updates on a GPU; empty on a CPU.</summary>
    public string Plan => _population.Plan;

    /// <summary>Steps t that every running learner has taken, over all its episodes.</summary>
    public long StepCount { get; private set; }

    /// <summary>Whether any learner is still training.</summary>
    public bool Running => Array.Exists(_actors, e => e.Phase != ActorPhase.Retired);

    /// <summary>
    /// Why the process of the environment can't go on; null if it can. Training, as it was before the step, test or
    /// start of an episode that failed, can be saved, and goes on from there.
    /// </summary>
    public EnvironmentException? EnvironmentError { get; private set; }

    /// <summary>Whether an episode began anew after loading, since its environment can't repeat it.</summary>
    public bool EpisodeRestarted { get; private set; }

    /// <summary>Episodes completed by every learner not stopped early; the maximum if all were.</summary>
    public int EpisodesEnded
    {
        get
        {
            int least = int.MaxValue, most = 0;
            foreach (Actor e in _actors)
            {
                most = Math.Max(most, e.EpisodesEnded);
                if (e.Stopped is null) least = Math.Min(least, e.EpisodesEnded);
            }
            return Math.Min(least, most);
        }
    }

    /// <summary>Number of the latest episode that any learner has begun.</summary>
    public int EpisodesBegun => _actors.Max(e => e.Episode);

    /// <summary>Results of each learner so far.</summary>
    public IReadOnlyList<LearnerSummary> Summaries => [.. _actors.Select(e => e.Summary)];

    /// <summary>Called before the first episode and after each, for every learner, learner 0 first.</summary>
    public Action<EpisodeResult> EpisodeEnded { get; set; } = static _ => { };

    /// <summary>Receives warnings about problems that do not stop training.</summary>
    public Action<string> Warn { get; set; } = static _ => { };

    /// <summary>Time spent in each part of training.</summary>
    public TrainingTimes Times { get; } = new();

    /// <summary>Stores transitions of a log in the replay of every learner, before the first step.</summary>
    public void Store(IEnumerable<Transition> log)
    {
        foreach (Transition t in log)
            for (int k = 0; k < _actors.Length; k++) _population.Store(k, t.X, t.U, t.Reward, t.Next, t.Terminated);
    }

    /// <summary>
    /// Tests the untrained policies and begins the first episodes; after loading, makes a test that was cut off. If
    /// there is nothing of these to do, does nothing.
    /// </summary>
    public void Begin()
    {
        if (Array.Exists(_actors, e => e.Phase == ActorPhase.AtEnd)) EndEpisodes();
    }

    /// <summary>
    /// One step of every learner that is still training, with its rollouts and updates. Without imagination, it
    /// allocates only at the end of an episode.
    /// </summary>
    public void Step()
    {
        StepCount++;
        long from = Stopwatch.GetTimestamp();

        // act, step and store in R and B
        if (_population.ActsTogether) ActTogether();
        if (_actors.Length == 1) _explore(0);
        else _team.Run(_explore);
        if (EnvironmentError is not null)
        {
            StepCount--;
            return;
        }
        Times.Add(TrainingPart.Simulator, ref from);
        foreach (Actor e in _actors)
            Times.Move(TrainingPart.Simulator, TrainingPart.Planning, e.TakePlanningTicks() / _tests.Length);

        // every m steps: l steps from each of m states of B_old under the model, into R_f
        foreach (Actor a in _actors)
            if (a is { Phase: not ActorPhase.Retired, Stopped: null }) _imagination?.Add(a.Learner, a.Step);
        _imagination?.Imagine();
        Times.Add(TrainingPart.Rollouts, ref from);

        // I · l updates of every learner from its R_f, I from its R
        if (StepCount >= _settings.Learner.WarmupSteps) Update();
        Times.Add(TrainingPart.Updates, ref from);

        // test, and begin the next episode
        Begin();
    }

    private void Explore(Actor e)
    {
        try
        {
            // select action u = μ(x) + 𝒩, or the planner's, clipped to [−1, 1]
            if (e.Planned)
                e.Plan();
            else
            {
                if (!_population.ActsTogether) _population.Act(e.Learner, 1, e.X, e.U, e.Lower);
                e.Noise.AddTo(e.Seed, (ulong)e.Step, e.Episode, e.U, e.Lower);
            }
            Clip(e.U);

            // execute u and observe r and x′
            StepResult result = e.Execute();

            // store (x, u, r, x′) in R; a time limit is not a terminal state
            e.Store(result);
            e.Advance(result.Done);
        }
        catch (SimulationException error)
        {
            e.EndUnstable(error);
        }
        catch (EnvironmentException error) when (_actors.Length == 1)
        {
            // of several learners the others have taken this step
            EnvironmentError = error;
            if (!e.Planned) e.Noise.Undo(e.Lower);
        }
        catch (Exception error) when (error is NotFiniteNumberException or NonFiniteTransitionException)
        {
            e.Stop(error.Message);
        }
    }

    // u = μ(x) of all learners in one call, and L(x) if it shapes the noise of any
    private void ActTogether()
    {
        int state = _population.Shape.State, action = _population.Shape.Action, packed = _population.Shape.Packed;
        foreach (Actor e in _actors) e.X.CopyTo(_x.AsSpan(e.Learner * state));
        bool lower = Array.Exists(_actors, e => !e.Lower.IsEmpty);
        _population.Act(0, _actors.Length, _x, _u, lower ? _lower : []);
        foreach (Actor e in _actors)
        {
            _u.AsSpan(e.Learner * action, action).CopyTo(e.U);
            _lower.AsSpan(e.Learner * packed, e.Lower.Length).CopyTo(e.Lower);
        }
    }

    // updates from R_f and R; the control experiment makes the same number from R alone
    private void Update()
    {
        int real = _settings.Learner.UpdatesPerStep;
        if (_imagination is null || _settings.Imagination.Kind == ImaginationKind.Off
            || !_settings.Imagination.FromReplay)
        {
            _population.Update(_settings.Imagination.Kind == ImaginationKind.Off ? 0 : _imaginedUpdates, real);
            return;
        }
        foreach (Actor e in _actors)
            _population.SetActive(e.Learner, e.Phase != ActorPhase.Retired && _imagination.IsOn(e.Learner));
        _population.Update(_imaginedUpdates);
        foreach (Actor e in _actors) _population.SetActive(e.Learner, e.Phase != ActorPhase.Retired);
        _population.Update(real);
    }

    private void EndEpisodes()
    {
        long from = Stopwatch.GetTimestamp();
        foreach (Actor e in _actors)
            if (e.Phase == ActorPhase.AtEnd) e.TakeReport(Warn);

        // deterministic test episodes, learners in parallel
        if (_actors.Length == 1) _test(0);
        else _team.Run(_test);
        Times.Add(TrainingPart.Tests, ref from);
        if (EnvironmentError is not null) return;

        // every n episodes: fit the dynamics to B, one step of iLQG, B_old ← B
        if (_imagination is not null)
        {
            IReadOnlySet<int> fitted = _imagination.EndEpisodes(
                [.. _actors.Where(e => e is { Phase: ActorPhase.AtEnd, Stopped: null })
                    .Select(e => (e.Learner, e.Episode))],
                Warn);
            Times.Add(TrainingPart.Fit, ref from);
            foreach (Actor e in _actors)
                if (fitted.Contains(e.Learner)) (e.Planner as IlqgEpisodes)?.Improve(e.Memory!, Warn);
            Times.Add(TrainingPart.Planning, ref from);
        }

        if ((_task as EnvironmentTask)?.TakeOutside() is { } outside) Warn(outside);

        // report, then begin the next episode
        foreach (Actor e in _actors)
        {
            if (e.Phase != ActorPhase.AtEnd) continue;
            e.TellFailure(Warn);
            EpisodeResult result = e.Result(_imagination?.TakeReport(e.Learner) ?? default);
            if (e.Stopped is null && e.Episode < _settings.Episodes)
                UnlessFailed(() => e.BeginEpisode(_settings.Plan.Fraction));
            else e.Retire();
            EpisodeEnded(result);
        }
    }

    private void UnlessFailed(Action work)
    {
        try
        {
            work();
        }
        catch (EnvironmentException error) when (_actors.Length == 1)
        {
            EnvironmentError = error;
        }
    }

    private bool IsTestDue(Actor e) =>
        e is { Phase: ActorPhase.AtEnd, Stopped: null }
        && (e.Episode % _settings.TestEvery == 0 || e.Episode == _settings.Episodes);

    private static void Clip(Span<float> u)
    {
        foreach (ref float entry in u)
        {
            if (!float.IsFinite(entry))
                throw new NotFiniteNumberException(
                    "the policy's action is not a finite number: the learner has diverged");
            entry = Math.Clamp(entry, -1, 1);
        }
    }

    /// <summary>
    /// Saves or loads the state of the agent. After loading, in place of <see cref="Begin"/>, training continues
    /// bitwise as if it had never stopped, unless the task's episodes can't be repeated. Call it between steps.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The checkpoint is of another run; the message states the difference.
    /// </exception>
    public void Serialise(CheckpointScope scope)
    {
        StepCount = scope.Value("step", StepCount);
        _population.Serialise(scope);
        foreach (Actor e in _actors) e.Serialise(scope.Scope($"learner.{e.Learner}.actor"));
        _imagination?.Serialise(scope.Scope("imagination"));
        if (!scope.IsLoading) return;
        foreach (Actor e in _actors) EpisodeRestarted |= e.RestartEpisode(_settings.Plan.Fraction);

        // restart finished learners if the run now has more episodes
        foreach (Actor e in _actors)
        {
            if (e is { Phase: ActorPhase.Retired, Stopped: null } && e.Episode < _settings.Episodes)
                e.BeginEpisode(_settings.Plan.Fraction);
            _population.SetActive(e.Learner, e.Phase != ActorPhase.Retired);
        }
    }

    public void Dispose() => _owned.Dispose();

    internal static LearnerPopulation CreatePopulation(IControlTask task, TrainingSettings settings, Device device)
    {
        (LearnerSettings learner, ImaginationSettings i) = (settings.Learner, settings.Imagination);
        // R_f holds the newest n T l transitions: about as many as are imagined between two fits
        long rollouts = ((long)i.RefitEpisodes * task.Horizon + i.Starts - 1) / i.Starts * i.Starts;
        long imagined = Math.Clamp(i.Capacity > 0 ? i.Capacity : rollouts * i.Steps, learner.BatchSize, 100_000_000);
        LearnerShape shape = LearnerShapes.Of(settings.Algorithm, learner, task.ObservationSize, task.ActionSize);
        return LearnerPopulation.Create(
            device, shape, task.InputScale,
            [.. Enumerable.Range(0, settings.Learners).Select(k => learner with { Seed = settings.SeedOf(k) })],
            i.Kind == ImaginationKind.Off || i.FromReplay ? 0 : (int)imagined);
    }

    private IEpisodePlanner? Planner(IControlTask task, int learner) => _settings.Plan.Kind switch
    {
        PlanKind.Ilqg => new IlqgEpisodes(
            _imagination!.Space, _imagination.Dynamics(learner), _settings.Imagination.InitialStates,
            _settings.Plan.Ilqg, _settings.SeedOf(learner)),
        // several learners plan in parallel, each on the thread that it acts on
        PlanKind.Mpc => _owned.Add(new MpcPlanner(
            ControlTask.Simulated(task, "plan=mpc"), _settings.Plan.Mpc,
            _settings.Learners == 1 ? _team : _owned.Add(new WorkTeam(1)))),
        _ => null,
    };
}
