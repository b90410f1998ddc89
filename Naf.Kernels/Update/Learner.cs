using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Replay;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Update;

/// <summary>All that one learner is: parameters, Adam's moments, target, running statistics, replay and counters.</summary>
internal sealed unsafe class Learner : IDisposable
{
    private double _loss, _norm, _q;
    private long _reported;

    public Learner(NafShape shape, NafSettings settings, int imaginedCapacity = 0)
    {
        Settings = settings;
        Networks = shape.Networks();
        int parameters = Networks.Sum(n => n.Parameters), statistics = Networks.Sum(n => n.Statistics);
        Parameters = new HostBuffer(parameters);
        FirstMoment = new HostBuffer(parameters);
        SecondMoment = new HostBuffer(parameters);
        Statistics = new HostBuffer(statistics);
        Target = new HostBuffer(Networks[0].Parameters);
        TargetStatistics = new HostBuffer(Networks[0].Statistics);
        Replay = new ReplayBuffer(shape.State, shape.Action, settings.ReplayCapacity);
        Imagined = new ReplayBuffer(shape.State, shape.Action, imaginedCapacity);
        int at = 0, statistic = 0;
        for (int n = 0; n < Networks.Length; n++)
        {
            Networks[n].Initialise(settings.Seed, (uint)n, (float)settings.HeadScale,
                Parameters.Span.Slice(at, Networks[n].Parameters), Statistics.Span.Slice(statistic, Networks[n].Statistics));
            at += Networks[n].Parameters;
            statistic += Networks[n].Statistics;
        }
        // θ′ ← θ
        Parameters.Span[..Networks[0].Parameters].CopyTo(Target.Span);
        Statistics.Span[..Networks[0].Statistics].CopyTo(TargetStatistics.Span);
    }

    public NafSettings Settings { get; }

    public ImmutableArray<MlpShape> Networks { get; }

    /// <summary>θ: the networks one after the other.</summary>
    public HostBuffer Parameters { get; }

    public HostBuffer FirstMoment { get; }

    public HostBuffer SecondMoment { get; }

    /// <summary>Running statistics of the networks one after the other.</summary>
    public HostBuffer Statistics { get; }

    /// <summary>θ′ of the first network, which holds V.</summary>
    public HostBuffer Target { get; }

    public HostBuffer TargetStatistics { get; }

    /// <summary>R: transitions of the environment.</summary>
    public ReplayBuffer Replay { get; }

    /// <summary>R_f: imagined transitions.</summary>
    public ReplayBuffer Imagined { get; }

    public bool Active { get; set; } = true;

    public bool Finite { get; private set; } = true;

    public long Updates { get; private set; }

    public void Record(double loss, double norm, double q)
    {
        Updates++;
        _reported++;
        _loss += loss;
        _norm += norm;
        _q += q;
    }

    /// <summary>Stops the learner: its last update was not finite and was not made.</summary>
    public void Stop() => Finite = Active = false;

    public LearnerReport TakeReport()
    {
        var report = new LearnerReport(Updates, _loss / _reported, _norm / _reported, _q / _reported, Finite);
        (_loss, _norm, _q, _reported) = (0, 0, 0, 0);
        return report;
    }

    /// <summary>Each array with its place in a row of a device's memory.</summary>
    public IEnumerable<(int At, HostBuffer Host)> Places(LearnerSizes s) =>
    [
        (s.Parameters, Parameters), (s.First, FirstMoment), (s.Second, SecondMoment), (s.Target, Target),
        (s.Statistics, Statistics), (s.TargetStatistics, TargetStatistics),
    ];

    public void Save(BinaryWriter writer)
    {
        writer.Write(Settings.Seed);
        writer.Write(Active);
        writer.Write(Finite);
        writer.Write(Updates);
        writer.Write(_reported);
        writer.Write(_loss);
        writer.Write(_norm);
        writer.Write(_q);
        foreach (HostBuffer buffer in Buffers()) FloatStream.Write(writer, buffer.Pointer, buffer.Length);
        Replay.Save(writer);
        Imagined.Save(writer);
    }

    /// <exception cref="InvalidDataException">The stream holds another learner.</exception>
    public void Load(BinaryReader reader)
    {
        ulong seed = reader.ReadUInt64();
        if (seed != Settings.Seed)
            throw new InvalidDataException($"the checkpoint's learner has seed {seed} and this one {Settings.Seed}; use the seeds of the run");
        Active = reader.ReadBoolean();
        Finite = reader.ReadBoolean();
        Updates = reader.ReadInt64();
        _reported = reader.ReadInt64();
        _loss = reader.ReadDouble();
        _norm = reader.ReadDouble();
        _q = reader.ReadDouble();
        foreach (HostBuffer buffer in Buffers()) FloatStream.Read(reader, buffer.Pointer, buffer.Length);
        Replay.Load(reader);
        Imagined.Load(reader);
    }

    public void Dispose()
    {
        foreach (HostBuffer buffer in Buffers()) buffer.Dispose();
        Replay.Dispose();
        Imagined.Dispose();
    }

    private IEnumerable<HostBuffer> Buffers() => [Parameters, FirstMoment, SecondMoment, Statistics, Target, TargetStatistics];
}

/// <summary>Means over the updates since the last report.</summary>
/// <param name="Updates">Updates that this learner has made since its birth.</param>
/// <param name="Loss">Mean squared TD error, in scaled rewards; NaN when there was no update.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
/// <param name="MeanQ">Q of the minibatches, in scaled rewards.</param>
/// <param name="Finite">False: loss or gradient were not finite; that update was not made and the learner has stopped.</param>
internal readonly record struct LearnerReport(long Updates, double Loss, double GradientNorm, double MeanQ, bool Finite);
