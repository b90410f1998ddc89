using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Agents;

/// <summary>Where a learner stands between two steps.</summary>
internal enum ActorPhase
{
    /// <summary>Its episode is over or broke off, and the next one has not begun.</summary>
    AtEnd,
    /// <summary>It acts in its environment at the next step.</summary>
    Acting,
    /// <summary>It trains no more.</summary>
    Retired,
}

/// <summary>
/// One learner's side of the simulator: its environment, its noise, and where it stands in its episode. Used by one
/// thread at a time.
/// </summary>
internal sealed class Actor : IDisposable
{
    private readonly NafPopulation _population;
    private readonly IControlEnvironment _environment;
    private readonly Policy _policy;
    private readonly double[] _action;
    private float[] _x, _next;
    private long _planningTicks;
    private LearnerReport _report;
    private EvaluationResult? _test;

    /// <param name="memory">Where its episodes are kept for the dynamics; null: nowhere.</param>
    /// <param name="planner">Who chooses the actions of its planned episodes; null: nobody.</param>
    public Actor(
        IControlTask task, TrainingSettings settings, NafPopulation population, int learner,
        EpisodeMemory? memory, IEpisodePlanner? planner)
    {
        (_population, Learner, Memory, Planner) = (population, learner, memory, planner);
        _policy = (x, _, _, u) => population.Act(learner, x, u);
        Seed = settings.SeedOf(learner);
        Noise = new OrnsteinUhlenbeck(settings.Exploration, task.ActionSize);
        (U, _action) = (new float[task.ActionSize], new double[task.ActionSize]);
        (_x, _next) = (new float[task.ObservationSize], new float[task.ObservationSize]);
        _environment = task.CreateEnvironment();
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

    /// <summary>The training episode under way, from 1; 0 before the first.</summary>
    public int Episode { get; private set; }

    /// <summary>Training episodes that came to their end.</summary>
    public int EpisodesEnded { get; private set; }

    /// <summary>Steps taken, over all episodes.</summary>
    public long Step { get; private set; }

    public EpisodeMemory? Memory { get; }

    public IEpisodePlanner? Planner { get; }

    /// <summary>Whether the episode under way is planned.</summary>
    public bool Planned { get; private set; }

    public ActorPhase Phase { get; private set; }

    /// <summary>Why it trains no more, before its time; null while nothing went wrong.</summary>
    public string? Stopped { get; private set; }

    /// <summary>Updates made until its last report.</summary>
    public long Updates { get; private set; }

    /// <summary>Its test scores so far.</summary>
    public TestScores Tests { get; } = new();

    /// <summary>What it came to so far.</summary>
    public LearnerSummary Summary =>
        new(Learner, Seed, Tests.Best, Tests.BestEpisode, Tests.Last, EpisodesEnded, Updates, Stopped);

    /// <summary>
    /// Starts the next episode: noise to 0, x₁ ~ p(x₁), planned with probability 1 − p. A learner whose simulation
    /// fails at its start is stopped.
    /// </summary>
    public void BeginEpisode(double planFraction)
    {
        Episode++;
        Phase = ActorPhase.Acting;
        _test = null;
        Noise.Reset();
        try
        {
            _environment.Reset(Seed, RandomStream.Reset, (ulong)Episode);
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

    /// <summary>x ← x′.</summary>
    public void Advance(bool ended)
    {
        (_x, _next) = (_next, _x);
        if (!ended) return;
        EpisodesEnded++;
        Phase = ActorPhase.AtEnd;
    }

    /// <summary>Ends its training before its time, with a reason.</summary>
    public void Stop(string reason) => (Stopped, Phase) = (Stopped ?? reason, ActorPhase.AtEnd);

    /// <summary>Ends its training.</summary>
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

    /// <summary>Ticks of the clock spent in <see cref="Plan"/> since the last call.</summary>
    public long TakePlanningTicks() => Interlocked.Exchange(ref _planningTicks, 0);

    /// <summary>Executes u and observes r and x′.</summary>
    /// <exception cref="SimulationException">The simulation left the finite numbers.</exception>
    public StepResult Execute()
    {
        for (int i = 0; i < U.Length; i++) _action[i] = U[i];
        StepResult result = _environment.Step(_action);
        Convert(_environment.Observation, _next);
        Step++;
        Memory?.Add(U, result, _environment);
        return result;
    }

    /// <summary>
    /// Asks the learner for the means over its updates since the last episode; a learner that left the finite
    /// numbers stops.
    /// </summary>
    public void TakeReport()
    {
        _report = _population.TakeReport(Learner);
        Updates = _report.Updates;
        if (!_report.Finite)
            Stop(
                "its loss or gradient is not a finite number: the learner has diverged "
                + "(lower learning_rate or tau, or set clip_norm)");
    }

    /// <summary>Runs a test: the policy without noise, on the starts that every test has.</summary>
    public void Test(Evaluator evaluation, TrainingSettings settings)
    {
        try
        {
            _test = evaluation.Run(_policy, settings.TestSeed, settings.TestEpisodes);
            Tests.Add(Episode, _test.Value.Mean);
        }
        catch (SimulationException error)
        {
            Stop($"in a test: {error.Message}");
        }
    }

    /// <summary>The row of the episode that has ended.</summary>
    public EpisodeResult Result(ImaginationReport imagination) => new(
        Episode, Learner, Seed, Step, Episode > 0 && Stopped is null ? _environment.Score : null, _test, _report,
        _population.ReplayCount(Learner), Stopped, Planned, imagination);

    /// <exception cref="InvalidDataException">It was of another task.</exception>
    public void Serialise(CheckpointScope scope)
    {
        Phase = (ActorPhase)scope.Value("phase", (int)Phase);
        Stopped = scope.Text("stopped", Stopped ?? "") is { Length: > 0 } reason ? reason : null;
        Planned = scope.Value("planned", Planned);
        Episode = scope.Value("episode", Episode);
        EpisodesEnded = scope.Value("episodes_ended", EpisodesEnded);
        Step = scope.Value("step", Step);
        Updates = scope.Value("updates", Updates);
        Tests.Serialise(scope.Scope("tests"));
        scope.Fill("noise", Noise.State);
        scope.Fill<float>("observation", _x);
        // an environment that is at its end has no state to keep
        bool acting = Phase == ActorPhase.Acting;
        double[] state = scope.Values("environment", acting && !scope.IsLoading ? _environment.SaveState() : []);
        if (acting && scope.IsLoading) _environment.RestoreState(state);
        Memory?.Serialise(scope.Scope("episodes"));
        Planner?.Serialise(scope.Scope("planner"));
    }

    public void Dispose() => _environment.Dispose();

    private static void Convert(ReadOnlySpan<double> from, float[] to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = (float)from[i];
    }
}

/// <summary>A row of metrics.csv: one episode of one learner. Null is "not measured".</summary>
/// <param name="Episode">The training episode that ended, from 1; 0: before training.</param>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="Step">Its steps so far, over all episodes.</param>
/// <param name="TrainScore">Undiscounted sum of the episode's rewards, with exploration noise.</param>
/// <param name="Test">The test at the episode's end.</param>
/// <param name="Report">Means over the episode's updates.</param>
/// <param name="Replay">Transitions in its replay buffer.</param>
/// <param name="Stopped">Why it stopped before its time.</param>
/// <param name="Planned">Whether a planner chose the episode's actions.</param>
/// <param name="Imagination">What it imagined during the episode.</param>
internal sealed record EpisodeResult(
    int Episode, int Learner, ulong Seed, long Step, double? TrainScore, EvaluationResult? Test, LearnerReport Report,
    int Replay, string? Stopped,
    bool Planned, ImaginationReport Imagination);

/// <summary>What one learner came to.</summary>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="BestTestScore">Mean score of its best test; null before the first.</param>
/// <param name="BestEpisode">Training episodes before that test.</param>
/// <param name="FinalTestScore">Mean score of its last test.</param>
/// <param name="Episodes">Training episodes that it ended; one that broke off does not count.</param>
/// <param name="Stopped">Why it stopped before its time; null when it did not.</param>
public sealed record LearnerSummary(
    int Learner, ulong Seed, double? BestTestScore, int BestEpisode, double? FinalTestScore, int Episodes, long Updates,
    string? Stopped);
