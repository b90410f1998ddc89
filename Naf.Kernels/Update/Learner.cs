using Naf.Gpu.Cpu;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Network;
using Naf.Kernels.Replay;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Update;

/// <summary>State of a learner: parameters, Adam's moments, target, running statistics, replays, counters.</summary>
internal sealed unsafe class Learner : IDisposable
{
    private readonly ImmutableArray<string> _names;
    private HostBuffer? _bestParameters, _bestStatistics;
    private double _loss, _norm, _q;
    private long _reported;

    public Learner(LearnerShape shape, LearnerSettings settings, int imaginedCapacity = 0)
    {
        Settings = settings;
        Networks = shape.Networks();
        int parameters = Networks.Sum(n => n.Parameters), statistics = Networks.Sum(n => n.Statistics);
        Parameters = new HostBuffer(parameters);
        FirstMoment = new HostBuffer(parameters);
        SecondMoment = new HostBuffer(parameters);
        Statistics = new HostBuffer(statistics);
        _names = shape.Names;
        Target = new HostBuffer(Networks[..shape.Targets].Sum(n => n.Parameters));
        TargetStatistics = new HostBuffer(Networks[..shape.Targets].Sum(n => n.Statistics));
        Replay = new ReplayBuffer(shape.State, shape.Action, settings.ReplayCapacity);
        Imagined = new ReplayBuffer(shape.State, shape.Action, imaginedCapacity);
        int at = 0, statistic = 0;
        for (int n = 0; n < Networks.Length; n++)
        {
            Networks[n].Initialise(settings.Seed, (uint)n, (float)settings.HeadScale,
                Parameters.Span.Slice(at, Networks[n].Parameters),
                Statistics.Span.Slice(statistic, Networks[n].Statistics));
            at += Networks[n].Parameters;
            statistic += Networks[n].Statistics;
        }
        // θ′ ← θ
        Parameters.Span[..Target.Span.Length].CopyTo(Target.Span);
        Statistics.Span[..TargetStatistics.Span.Length].CopyTo(TargetStatistics.Span);
    }

    public LearnerSettings Settings { get; }

    public ImmutableArray<MlpShape> Networks { get; }

    /// <summary>θ, one network after another.</summary>
    public HostBuffer Parameters { get; }

    public HostBuffer FirstMoment { get; }

    public HostBuffer SecondMoment { get; }

    /// <summary>Running statistics, one network after another.</summary>
    public HostBuffer Statistics { get; }

    /// <summary>θ′ of the first networks, those that have a target.</summary>
    public HostBuffer Target { get; }

    public HostBuffer TargetStatistics { get; }

    /// <summary>R: transitions of the environment.</summary>
    public ReplayBuffer Replay { get; }

    /// <summary>R_f: imagined transitions.</summary>
    public ReplayBuffer Imagined { get; }

    /// <summary>
    /// What the rewards in R allow a value to be, in scaled rewards: [min(0, least r), max(0, largest r)] / (1 − γ). An
    /// episode may end at any step, so that 0 is always possible. Infinite for γ = 1.
    /// </summary>
    public (float Low, float High) ValueRange
    {
        get
        {
            if (Settings.Gamma >= 1) return (float.NegativeInfinity, float.PositiveInfinity);
            double factor = Settings.RewardScale / (1 - Settings.Gamma);
            return ((float)(factor * Replay.Rewards.Least), (float)(factor * Replay.Rewards.Most));
        }
    }

    /// <summary>The limits of V′ in the target.</summary>
    public (float Low, float High) TargetLimits =>
        Settings.BoundValues ? ValueRange : (float.NegativeInfinity, float.PositiveInfinity);

    public bool Active { get; set; } = true;

    public bool Finite { get; private set; } = true;

    public long Updates { get; private set; }

    /// <summary>Episodes before the test whose networks <see cref="KeepBest"/> keeps; null before the first.</summary>
    public int? BestEpisode { get; private set; }

    public void Record(double loss, double norm, double q)
    {
        Updates++;
        _reported++;
        _loss += loss;
        _norm += norm;
        _q += q;
    }

    /// <summary>Keeps a copy of θ and the running statistics, those of the best test so far.</summary>
    /// <param name="episode">Training episodes before that test.</param>
    public void KeepBest(int episode)
    {
        Parameters.Span.CopyTo((_bestParameters ??= new HostBuffer(Parameters.Length)).Span);
        Statistics.Span.CopyTo((_bestStatistics ??= new HostBuffer(Statistics.Length)).Span);
        BestEpisode = episode;
    }

    /// <summary>Stops the learner after an update that was not finite and was not applied.</summary>
    public void Stop() => Finite = Active = false;

    public LearnerReport TakeReport()
    {
        var report = new LearnerReport(
            Updates, _loss / _reported, _norm / _reported, _q / _reported, Finite, ValueRange);
        (_loss, _norm, _q, _reported) = (0, 0, 0, 0);
        return report;
    }

    /// <summary>Each array with its offset in a row of device memory.</summary>
    public IEnumerable<(int At, HostBuffer Host)> Places(LearnerSizes s) =>
    [
        (s.Parameters, Parameters), (s.First, FirstMoment), (s.Second, SecondMoment), (s.Target, Target),
        (s.Statistics, Statistics), (s.TargetStatistics, TargetStatistics),
    ];

    /// <exception cref="InvalidDataException">The checkpoint has other sizes.</exception>
    public void Serialise(CheckpointScope scope)
    {
        Active = scope.Value("active", Active);
        Finite = scope.Value("finite", Finite);
        Updates = scope.Value("updates", Updates);
        _reported = scope.Value("reported", _reported);
        _loss = scope.Value("loss_sum", _loss);
        _norm = scope.Value("gradient_norm_sum", _norm);
        _q = scope.Value("q_sum", _q);
        foreach (BufferSection array in Arrays()) scope.Fill(array);
        SerialiseBest(scope.Scope("best"));
        Replay.Serialise(scope.Scope("replay"));
        Imagined.Serialise(scope.Scope("imagined_replay"));
    }

    /// <summary>Loads or saves the networks only.</summary>
    /// <exception cref="InvalidDataException">The checkpoint has other sizes.</exception>
    public void SerialiseNetworks(CheckpointScope scope) => SerialiseNetworks(scope, Parameters, Statistics);

    /// <summary>Episodes before the best test in a checkpoint; null if it has no networks of one.</summary>
    /// <param name="learner">The learner's part of the checkpoint.</param>
    public static int? SavedBestEpisode(CheckpointScope learner) =>
        learner.Scope("best") is var best && best.Contains("episode") ? best.Value<int>("episode") : null;

    public void Dispose()
    {
        IDisposable?[] memories =
        [
            Parameters, FirstMoment, SecondMoment, Statistics, Target, TargetStatistics, Replay, Imagined,
            _bestParameters, _bestStatistics,
        ];
        foreach (IDisposable? memory in memories) memory?.Dispose();
    }

    // a checkpoint of an earlier version, or before a test with a finite score, has none
    private void SerialiseBest(CheckpointScope scope)
    {
        if (scope.Contains("episode")) KeepBest(episode: 0);
        if (BestEpisode is not { } episode) return;
        BestEpisode = scope.Value("episode", episode);
        SerialiseNetworks(scope, _bestParameters!, _bestStatistics!);
    }

    private void SerialiseNetworks(CheckpointScope scope, HostBuffer parameters, HostBuffer statistics)
    {
        foreach (BufferSection array in Arrays())
            if (array.Buffer == Parameters) scope.Fill(array with { Buffer = parameters });
            else if (array.Buffer == Statistics) scope.Fill(array with { Buffer = statistics });
    }

    // every array of every layer, with its name in a checkpoint
    private IEnumerable<BufferSection> Arrays()
    {
        foreach ((string name, HostBuffer buffer, bool statistics) in ((string, HostBuffer, bool)[])
        [
            ("parameters", Parameters, false), ("adam.m", FirstMoment, false), ("adam.v", SecondMoment, false),
            ("statistics", Statistics, true), ("target", Target, false), ("target_statistics", TargetStatistics, true),
        ])
        {
            // θ′ covers the first networks only
            for (int n = 0, first = 0; first < buffer.Length; n++)
            {
                foreach ((string array, int at, long[] shape) in Networks[n].Arrays(statistics))
                    yield return new BufferSection($"{name}.{_names[n]}.{array}", buffer, first + at, shape);
                first += statistics ? Networks[n].Statistics : Networks[n].Parameters;
            }
        }
    }
}

/// <summary>Means over the updates since the last report.</summary>
/// <param name="Updates">Updates that this learner has made in total.</param>
/// <param name="Loss">Mean squared TD error, in scaled rewards; NaN if there was no update.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
/// <param name="MeanQ">Mean Q of the minibatches, in scaled rewards.</param>
/// <param name="Finite">False if loss or gradient was not finite: not applied, and the learner has stopped.</param>
/// <param name="ValueRange">What the rewards in R allow a value to be (<see cref="Learner.ValueRange"/>).</param>
internal readonly record struct LearnerReport(
    long Updates, double Loss, double GradientNorm, double MeanQ, bool Finite, (float Low, float High) ValueRange);
