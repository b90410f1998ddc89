using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Agents;

/// <summary>The phase of a learner between two steps.</summary>
internal enum ActorPhase
{
    /// <summary>The episode has ended or was aborted, and the next one has not begun.</summary>
    AtEnd,
    /// <summary>The learner acts in its environment at the next step.</summary>
    Acting,
    /// <summary>The training of the learner has ended.</summary>
    Retired,
}

/// <summary>One learner's environment, exploration noise and episode state. Used by one thread at a time.</summary>
internal sealed class Actor : IDisposable
{
    private readonly LearnerPopulation _population;
    private readonly IControlEnvironment _environment;
    private readonly Policy _policy;
    private readonly double[] _action;
    private readonly float[] _lower;
    private readonly NStepReturns _returns;
    private readonly IControlTask _task;
    private readonly TrainingSettings _settings;
    private readonly bool _recordsPictures;
    private float[] _x, _next;
    private long _planningTicks;
    private LearnerReport _report;
    private EvaluationResult? _test;
    private double? _trainScore;
    private string? _failure;
    private bool _begun, _reported;
    private int _unstable;
    private double _lowest; // reward of a step so far, at most 0
    private TestRecord? _record;

    /// <param name="memory">Stores its episodes for the dynamics model; null: they are not stored.</param>
    /// <param name="planner">Selects the actions of planned episodes; null: no episode is planned.</param>
    public Actor(
        IControlTask task, TrainingSettings settings, LearnerPopulation population, int learner,
        EpisodeMemory? memory, IEpisodePlanner? planner)
    {
        (_task, _settings) = (task, settings);
        (_population, Learner, Memory, Planner) = (population, learner, memory, planner);
        _policy = (x, _, _, u) => population.Act(learner, x, u);
        Seed = settings.SeedOf(learner);
        Noise = new OrnsteinUhlenbeck(settings.Exploration, task.ActionSize);
        (U, _action) = (new float[task.ActionSize], new double[task.ActionSize]);
        (_x, _next) = (new float[task.ObservationSize], new float[task.ObservationSize]);
        _lower = new float[population.Shape.Packed];
        _returns = new NStepReturns(population, learner, settings.Learner.NStep, settings.Learner.Gamma);
        _environment = task.CreateEnvironment();
        _recordsPictures = learner == 0 && task is ControlTask;
    }

    public int Learner { get; }

    public ulong Seed { get; }

    public OrnsteinUhlenbeck Noise { get; }

    /// <summary>The current observation x, [observations].</summary>
    public ReadOnlySpan<float> X => _x;

    /// <summary>The observation x′ after the last step, [observations].</summary>
    public ReadOnlySpan<float> Next => _next;

    /// <summary>The action u, [actions].</summary>
    public float[] U { get; }

    /// <summary>L(x), row by row, where it shapes the noise of the next step; else empty.</summary>
    public Span<float> Lower => Noise.NeedsLower(Step) ? _lower : [];

    /// <summary>Number of the current training episode, from 1; 0 before the first.</summary>
    public int Episode { get; private set; }

    /// <summary>Completed training episodes.</summary>
    public int EpisodesEnded { get; private set; }

    /// <summary>Steps taken, over all episodes.</summary>
    public long Step { get; private set; }

    public EpisodeMemory? Memory { get; }

    public IEpisodePlanner? Planner { get; }

    /// <summary>Whether the current episode is planned.</summary>
    public bool Planned { get; private set; }

    public ActorPhase Phase { get; private set; }

    /// <summary>Why the learner stopped early; null if it did not.</summary>
    public string? Stopped { get; private set; }

    /// <summary>Training and test episodes whose simulation broke down.</summary>
    public int UnstableEpisodes { get; private set; }

    /// <summary>Compares Q with what the rewards allow.</summary>
    public DivergenceWatch Watch { get; } = new();

    /// <summary>Updates up to the last report.</summary>
    public long Updates { get; private set; }

    /// <summary>Test scores so far.</summary>
    public TestScores Tests { get; } = new();

    /// <summary>Results so far.</summary>
    public LearnerSummary Summary =>
        new(Learner, Seed, Tests.Best, Tests.BestEpisode, Tests.Last, EpisodesEnded, Updates, Stopped,
            Watch.Since) { UnstableEpisodes = UnstableEpisodes };

    /// <summary>
    /// Starts the next episode: noise to 0, x₁ ~ p(x₁), planned with probability 1 − p. Stops the learner if its
    /// simulation fails at the start.
    /// </summary>
    public void BeginEpisode(double planFraction)
    {
        Episode++;
        Phase = ActorPhase.Acting;
        (_test, _record, _trainScore, _failure, _unstable, _begun, _reported) =
            (null, null, null, null, 0, false, false);
        Noise.Reset();
        try
        {
            _environment.Reset(Seed, RandomStream.Reset, (ulong)Episode);
            _begun = true;
            Convert(_environment.Observation, _x);
            Planned = Planner is { Ready: true }
                && Philox.Uniform(Seed, RandomStream.Plan, (ulong)Episode) < planFraction;
            Memory?.Begin(_environment, Planned);
            if (Planned) Planner!.Begin(_environment, Seed, (ulong)Episode);
        }
        catch (SimulationException error)
        {
            Stop(error.Message);
        }
    }

    /// <summary>
    /// Begins an episode whose environment failed at its start; begins one anew whose environment, newly made, can't be
    /// brought to where the episode was.
    /// </summary>
    /// <returns>Whether it began anew.</returns>
    public bool RestartEpisode(double planFraction)
    {
        if (Phase != ActorPhase.Acting || (_task.IsRepeatable && _begun)) return false;
        bool anew = _begun;
        _returns.Abort(_x);
        Episode--;
        BeginEpisode(planFraction);
        return anew;
    }

    /// <summary>x ← x′.</summary>
    public void Advance(bool ended)
    {
        (_x, _next) = (_next, _x);
        if (ended) End(_environment.Score);
    }

    /// <summary>
    /// Ends an episode whose simulation broke down, as the setting unstable_simulation says. A failed episode's return
    /// has the learner's lowest reward for each step that is left, and a terminal state's; x, the last that was
    /// observed, stands for x′, which no value follows.
    /// </summary>
    public void EndUnstable(SimulationException error)
    {
        if (_settings.UnstableSimulation == UnstableSimulation.Stop || !error.Unstable)
        {
            Stop(error.Message);
            return;
        }
        CountUnstable(error.Message, 1);
        double? score = null;
        if (_settings.UnstableSimulation == UnstableSimulation.Drop) _returns.Abort(_x);
        else
        {
            double last = _lowest + _task.TerminationReward, gamma = _settings.Learner.Gamma;
            int left = _task.Horizon - _environment.StepIndex - 1;
            TakeApplied();
            try
            {
                _returns.Add(_x, U, new StepResult(last, Terminated: true, TimedOut: false), _x,
                    rest: _lowest * (gamma < 1 ? (1 - Math.Pow(gamma, left)) / (1 - gamma) : left));
            }
            catch (NonFiniteTransitionException overflow)
            {
                Stop(overflow.Message);
                return;
            }
            score = _environment.Score + last + _lowest * left;
        }
        Memory?.End();
        Step++;
        End(score);
    }

    /// <summary>Stops the learner early and records the reason.</summary>
    public void Stop(string reason)
    {
        (Stopped, Phase) = (Stopped ?? reason, ActorPhase.AtEnd);
        _returns.Abort(_x);
    }

    /// <summary>Ends the training of the learner.</summary>
    public void Retire()
    {
        Phase = ActorPhase.Retired;
        _population.SetActive(Learner, false);
    }

    /// <summary>Selects the action u of a planned episode.</summary>
    public void Plan()
    {
        long from = Stopwatch.GetTimestamp();
        Planner!.Act(_environment, _action);
        for (int i = 0; i < U.Length; i++) U[i] = (float)_action[i];
        _planningTicks += Stopwatch.GetTimestamp() - from;
    }

    /// <summary>Stopwatch ticks spent in <see cref="Plan"/> since the last call.</summary>
    public long TakePlanningTicks() => Interlocked.Exchange(ref _planningTicks, 0);

    /// <summary>Executes u and observes r and x′; u is then what the environment's limits left of it.</summary>
    /// <exception cref="SimulationException">The simulation is no longer finite.</exception>
    public StepResult Execute()
    {
        for (int i = 0; i < U.Length; i++) _action[i] = U[i];
        StepResult result = _environment.Step(_action);
        Convert(_environment.Observation, _next);
        TakeApplied();
        Step++;
        Memory?.Add(U, result, _environment);
        return result;
    }

    /// <summary>Stores (x, u, r, x′) in R, or the transition of n steps that it completes.</summary>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">A number is not finite.</exception>
    public void Store(in StepResult result)
    {
        _lowest = Math.Min(_lowest, result.Reward - (result.Terminated ? _task.TerminationReward : 0));
        _returns.Add(_x, U, result, _next);
    }

    /// <summary>Takes the means over the updates since the last episode; stops a learner that has diverged.</summary>
    /// <param name="warn">Receives a sentence when Q leaves what the rewards allow.</param>
    public void TakeReport(Action<string> warn)
    {
        if (_reported) return; // before a test that was cut off
        _reported = true;
        _report = _population.TakeReport(Learner);
        if (Watch.Add(Episode, _report) is { } reason)
            warn($"learner {Learner} (seed {Seed}), episode {Episode}: {reason}");
        Updates = _report.Updates;
        if (!_report.Finite)
            Stop(
                "its loss or gradient is not a finite number: the learner has diverged "
                + "(lower learning_rate or tau, or set clip_norm)");
    }

    /// <summary>Gives the reason of the learner's first episode whose simulation broke down.</summary>
    public void TellFailure(Action<string> warn)
    {
        if (_failure is not null)
            warn($"learner {Learner} (seed {Seed}), episode {Episode}: {_failure}; the episode "
                + (_settings.UnstableSimulation == UnstableSimulation.Fail ? "counts as a failure" : "is dropped")
                + " (unstable_simulation), as later ones will be; metrics.csv has their number");
    }

    /// <summary>
    /// Runs a test: the policy without noise, from the same initial states at every test. The networks of the best one
    /// are kept.
    /// </summary>
    public void Test(Evaluator evaluation)
    {
        try
        {
            // a picture may take longer than a test: only the first learner has them
            TestRecord? record = _settings.Tensorboard ? new TestRecord(_population, Learner, _recordsPictures) : null;
            Policy policy = record?.Recorded(_policy) ?? _policy;
            _test = evaluation.Run(policy, _settings.TestSeed, _settings.TestEpisodes, record?.Episode, _lowest);
            _record = record;
            if (Tests.Add(Episode, _test.Value.Mean)) _population.KeepBest(Learner, Episode);
            CountUnstable(_test.Value.Failure, _test.Value.UnstableEpisodes);
        }
        catch (SimulationException error)
        {
            Stop($"in a test: {error.Message}");
        }
    }

    /// <summary>The metrics row of the episode that has ended.</summary>
    public EpisodeResult Result(ImaginationReport imagination) => new(
        Episode, Learner, Seed, Step, Stopped is null ? _trainScore : null, _test, _report,
        _population.ReplayCount(Learner), Watch.Diverges, Stopped, Planned, imagination, _unstable)
    {
        TestRecord = _record,
    };

    /// <exception cref="InvalidDataException">The checkpoint is of another task.</exception>
    public void Serialise(CheckpointScope scope)
    {
        Phase = (ActorPhase)scope.Value("phase", (int)Phase);
        Stopped = scope.Text("stopped", Stopped ?? "") is { Length: > 0 } reason ? reason : null;
        Planned = scope.Value("planned", Planned);
        Episode = scope.Value("episode", Episode);
        EpisodesEnded = scope.Value("episodes_ended", EpisodesEnded);
        Step = scope.Value("step", Step);
        Updates = scope.Value("updates", Updates);
        // earlier versions had no count
        if (!scope.IsLoading || scope.Contains("unstable"))
            (UnstableEpisodes, _lowest) =
                (scope.Value("unstable", UnstableEpisodes), scope.Value("lowest_reward", _lowest));
        Tests.Serialise(scope.Scope("tests"));
        Watch.Serialise(scope.Scope("divergence"));
        Noise.Serialise(scope);
        _returns.Serialise(scope.Scope("returns"));
        scope.Fill<float>("observation", _x);
        // the state of an environment whose episode has ended is not saved
        bool acting = Phase == ActorPhase.Acting;
        double[] state = scope.Values(
            "environment", acting && _begun && !scope.IsLoading ? _environment.SaveState() : []);
        if (scope.IsLoading) _begun = state.Length > 0;
        if (acting && _begun && scope.IsLoading && _task.IsRepeatable) _environment.RestoreState(state);
        // an episode whose test was cut off has no row yet; earlier versions left it without that test
        if (Phase == ActorPhase.AtEnd && (!scope.IsLoading || scope.Contains("reported")))
            SerialiseEnd(scope);
        Memory?.Serialise(scope.Scope("episodes"));
        Planner?.Serialise(scope.Scope("planner"));
    }

    public void Dispose() => _environment.Dispose();

    private void TakeApplied()
    {
        if (_environment.Applied is { IsEmpty: false } applied) Convert(applied, U);
    }

    private void SerialiseEnd(CheckpointScope scope)
    {
        _reported = scope.Value("reported", _reported);
        _unstable = scope.Value("unstable_since", _unstable);
        double score = scope.Value("train_score", _trainScore ?? double.NaN);
        _trainScore = double.IsNaN(score) ? null : score;
        _failure = scope.Text("failure", _failure ?? "") is { Length: > 0 } failure ? failure : null;
        scope = scope.Scope("report");
        _report = new LearnerReport(
            scope.Value("updates", _report.Updates), scope.Value("loss", _report.Loss),
            scope.Value("gradient_norm", _report.GradientNorm), scope.Value("mean_q", _report.MeanQ),
            scope.Value("finite", _report.Finite),
            (scope.Value("low", _report.ValueRange.Low), scope.Value("high", _report.ValueRange.High)));
    }

    private void End(double? score)
    {
        EpisodesEnded++;
        (Phase, _trainScore) = (ActorPhase.AtEnd, score);
    }

    // the first failure is told, and all are counted
    private void CountUnstable(string? failure, int episodes)
    {
        if (UnstableEpisodes == 0) _failure = failure;
        UnstableEpisodes += episodes;
        _unstable += episodes;
    }

    private static void Convert(ReadOnlySpan<double> from, float[] to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = (float)from[i];
    }
}
