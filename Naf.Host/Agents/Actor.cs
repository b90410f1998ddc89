using System.Diagnostics;
using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Host.Settings;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Agents;

/// <summary>
/// One learner's side of the simulator: its environment, its noise, and where it stands in its episode. Used by one thread at a time.
/// </summary>
internal sealed class Actor : IDisposable
{
    private readonly NafPopulation _population;
    private readonly IControlEnvironment _environment;
    private readonly Policy _policy;
    private readonly double[] _action;
    private float[] _x, _next;
    private bool _ended = true;
    private long _planningTicks;
    private LearnerReport _report;
    private EvaluationResult? _test;

    public Actor(IControlTask task, TrainingSettings settings, NafPopulation population, int learner)
    {
        _population = population;
        _policy = (x, _, _, u) => population.Act(learner, x, u);
        Learner = learner;
        Seed = settings.SeedOf(learner);
        Noise = new OrnsteinUhlenbeck(settings.Exploration, task.ActionSize);
        U = new float[task.ActionSize];
        _action = new double[task.ActionSize];
        _x = new float[task.ObservationSize];
        _next = new float[task.ObservationSize];
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
    public int EpisodesEnded => _ended ? Episode : Episode - 1;

    /// <summary>Steps taken, over all episodes.</summary>
    public long Step { get; private set; }

    /// <summary>Where its episodes are kept for the dynamics; null: nowhere.</summary>
    public EpisodeMemory? Memory { get; init; }

    /// <summary>Who chooses the actions of its planned episodes; null: nobody.</summary>
    public IEpisodePlanner? Planner { get; init; }

    /// <summary>Whether the episode under way is planned.</summary>
    public bool Planned { get; private set; }

    /// <summary>Whether it still trains.</summary>
    public bool Running { get; set; } = true;

    /// <summary>Why it trains no more, before its time; null while nothing went wrong.</summary>
    public string? Stopped { get; set; }

    /// <summary>Whether it acts in its environment at the next step.</summary>
    public bool Acting => Running && Stopped is null;

    /// <summary>Whether the episode is over and the next one has not begun.</summary>
    public bool AtEnd => Running && (_ended || Stopped is not null);

    /// <summary>Updates made until its last report.</summary>
    public long Updates { get; private set; }

    /// <summary>Its test scores so far.</summary>
    public TestScores Tests { get; } = new();

    /// <summary>What it came to so far.</summary>
    public LearnerSummary Summary => new(Learner, Seed, Tests.Best, Tests.BestEpisode, Tests.Last, EpisodesEnded, Updates, Stopped);

    /// <summary>
    /// Starts the next episode: noise to 0, x₁ ~ p(x₁), planned with probability 1 − p. A learner whose simulation fails at its start is stopped.
    /// </summary>
    public void BeginEpisode(double planFraction)
    {
        Episode++;
        _ended = false;
        _test = null;
        Noise.Reset();
        try
        {
            _environment.Reset(Seed, RandomStream.Reset, (ulong)Episode);
            Convert(_environment.Observation, _x);
            Planned = Planner is { Ready: true } && Philox.Uniform(Seed, RandomStream.Plan, (ulong)Episode) < planFraction;
            Memory?.Begin(_environment, Planned);
            if (Planned) Planner!.Begin(_environment, Episode);
        }
        catch (SimulationException error)
        {
            Stopped = error.Message;
        }
    }

    /// <summary>Selects the action u of a planned episode.</summary>
    public void Plan()
    {
        long from = Stopwatch.GetTimestamp();
        Planner!.Act(_environment, U);
        _planningTicks += Stopwatch.GetTimestamp() - from;
    }

    /// <summary>Ticks of the clock spent in <see cref="Plan"/> since the last call.</summary>
    public long TakePlanningTicks()
    {
        long ticks = _planningTicks;
        _planningTicks = 0;
        return ticks;
    }

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

    /// <summary>x ← x′.</summary>
    public void Advance(bool ended)
    {
        (_x, _next) = (_next, _x);
        _ended = ended;
    }

    /// <summary>Asks the learner for the means over its updates since the last episode; a learner that left the finite numbers stops.</summary>
    public void TakeReport()
    {
        _report = _population.TakeReport(Learner);
        Updates = _report.Updates;
        if (_report.Finite) return;
        Stopped ??= "its loss or gradient is not a finite number: the learner has diverged (lower learning_rate or tau, or set clip_norm)";
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
            Stopped = $"in a test: {error.Message}";
        }
    }

    /// <summary>The row of the episode that has ended.</summary>
    public EpisodeResult Result(ImaginationReport imagination) => new(
        Episode, Learner, Seed, Step, Episode > 0 && Stopped is null ? _environment.Score : null, _test, _report,
        _population.ReplayCount(Learner), Stopped, Planned, imagination);

    public void Save(BinaryWriter writer)
    {
        writer.Write(Seed);
        writer.Write(Running);
        writer.Write(_ended);
        writer.Write(Planned);
        writer.Write(Stopped ?? "");
        writer.Write(Episode);
        writer.Write(Step);
        writer.Write(Updates);
        Tests.Save(writer);
        foreach (double n in Noise.State) writer.Write(n);
        foreach (float x in _x) writer.Write(x);
        // an environment that is at its end has no state to keep
        double[] state = Acting ? _environment.SaveState() : [];
        writer.Write(state.Length);
        foreach (double s in state) writer.Write(s);
        Memory?.Save(writer);
        Planner?.Save(writer);
    }

    /// <exception cref="InvalidDataException">The checkpoint is another learner's or another task's.</exception>
    public void Load(BinaryReader reader)
    {
        ulong seed = reader.ReadUInt64();
        if (seed != Seed) throw new InvalidDataException($"it holds seed {seed} where this run has seed {Seed}");
        Running = reader.ReadBoolean();
        _ended = reader.ReadBoolean();
        Planned = reader.ReadBoolean();
        Stopped = reader.ReadString() is { Length: > 0 } reason ? reason : null;
        Episode = reader.ReadInt32();
        Step = reader.ReadInt64();
        Updates = reader.ReadInt64();
        Tests.Load(reader);
        foreach (ref double n in Noise.State) n = reader.ReadDouble();
        foreach (ref float x in _x.AsSpan()) x = reader.ReadSingle();
        double[] state = new double[reader.ReadInt32()];
        foreach (ref double s in state.AsSpan()) s = reader.ReadDouble();
        if (Acting) _environment.RestoreState(state);
        Memory?.Load(reader);
        Planner?.Load(reader);
    }

    public void Dispose()
    {
        _environment.Dispose();
        Planner?.Dispose();
    }

    private static void Convert(ReadOnlySpan<double> from, float[] to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = (float)from[i];
    }
}
