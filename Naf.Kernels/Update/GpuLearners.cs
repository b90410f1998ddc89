using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>All that the learners of a population are, on a GPU: a row each (LearnerLayout), and R_f.</summary>
internal sealed class GpuLearners : IDisposable
{
    private readonly Learner[] _learners;
    private readonly (long At, Func<Learner, HostBuffer> Host)[] _mirrored;

    /// <exception cref="DeviceMemoryException">There is no room for them.</exception>
    public GpuLearners(GpuDevice device, LearnerLayout layout, float[] inputScale, Learner[] learners)
    {
        (_learners, Layout) = (learners, layout);
        ReplayBuffer imagined = learners[0].Imagined;
        States = device.Allocate<float>(layout.Row * learners.Length);
        Imagined = device.Allocate<float>((long)imagined.Capacity * imagined.RowLength * learners.Length);
        for (int p = 0; p < learners.Length; p++)
        {
            States.Upload(inputScale, p * layout.Row + layout.InputScale);
            States.Upload(SettingsOf(learners[p].Settings), p * layout.Row + layout.Settings);
        }
        _mirrored =
        [
            (layout.Parameters, l => l.Parameters), (layout.First, l => l.FirstMoment), (layout.Second, l => l.SecondMoment),
            (layout.Target, l => l.Target), (layout.Statistics, l => l.Statistics), (layout.TargetStatistics, l => l.TargetStatistics),
        ];
    }

    /// <summary>The places of a learner's arrays.</summary>
    public LearnerLayout Layout { get; }

    /// <summary>[learners, LearnerLayout.Row].</summary>
    public DeviceBuffer<float> States { get; }

    /// <summary>R_f, [learners, capacity, row].</summary>
    public DeviceBuffer<float> Imagined { get; }

    /// <summary>Device to host: all but the replays, which the host has.</summary>
    public void Fetch()
    {
        for (int p = 0; p < _learners.Length; p++)
        {
            foreach ((long at, Func<Learner, HostBuffer> host) in _mirrored) States.Download(host(_learners[p]).Span, p * Layout.Row + at);
            _learners[p].Imagined.Download(Imagined, ImaginedAt(p));
        }
    }

    /// <summary>Host to device, likewise.</summary>
    public void Push()
    {
        for (int p = 0; p < _learners.Length; p++)
        {
            foreach ((long at, Func<Learner, HostBuffer> host) in _mirrored) States.Upload(host(_learners[p]).Span, p * Layout.Row + at);
            States.Upload([_learners[p].Finite ? 0 : 1], p * Layout.Row + Layout.Stopped);
            _learners[p].Imagined.Upload(Imagined, ImaginedAt(p));
        }
    }

    /// <summary>Makes the work memory of updates not-a-number: what an update reads of it, it has to write first.</summary>
    public void Poison()
    {
        float[] poison = [.. Enumerable.Repeat(float.NaN, (int)(Layout.Row - Layout.Work))];
        for (int p = 0; p < _learners.Length; p++) States.Upload(poison, p * Layout.Row + Layout.Work);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        States.Dispose();
        Imagined.Dispose();
    }

    private long ImaginedAt(int learner) => (long)learner * _learners[learner].Imagined.Capacity * _learners[learner].Imagined.RowLength;

    // in the order of NafLearner.gpu.c
    private static float[] SettingsOf(LearnerSettings s) =>
        [s.Beta1, 1 - s.Beta1, s.Beta2, 1 - s.Beta2, s.Gamma, s.Tau, s.RewardScale, s.ClipNorm, s.LogDiagonalBound];
}
