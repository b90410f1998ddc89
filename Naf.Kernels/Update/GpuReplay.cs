using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The learners' replays on a GPU, [learners, rows, row]. The host holds the same rows (ReplayBuffer). Grows with the largest of them.
/// </summary>
internal sealed class GpuReplay(GpuDevice device, Learner[] learners, DeviceKernel insert, int threads) : IDisposable
{
    private readonly GpuStaging _staging = new(device, [.. learners.Select(l => l.Replay)], insert, threads);

    /// <summary>The rows.</summary>
    public DeviceBuffer<float> Rows { get; private set; } = device.Allocate<float>(0);

    /// <summary>Rows of each learner that there is room for.</summary>
    public int Allocated { get; private set; }

    private int RowLength => learners[0].Replay.RowLength;

    /// <summary>The host added the newest row of a learner; several learners may do so at the same time.</summary>
    public void Added(int learner) => _staging.Added(learner);

    /// <summary>Brings the device up to date.</summary>
    /// <exception cref="DeviceMemoryException">There is no room to grow.</exception>
    public void Flush()
    {
        if (learners.Max(l => l.Replay.Count) > Allocated) Reload();
        else _staging.Flush(Rows, Allocated);
    }

    /// <summary>Uploads all rows, to a larger array where they do not fit.</summary>
    /// <exception cref="DeviceMemoryException">There is no room to grow.</exception>
    public void Reload()
    {
        int needed = learners.Max(l => l.Replay.Count);
        if (needed > Allocated)
        {
            int rows = (int)Math.Min(learners[0].Replay.Capacity, Math.Max(4096, 2L * needed));
            // the host has every row: the old array need not be kept beside the new one
            Rows.Dispose();
            Rows = device.Allocate<float>((long)rows * RowLength * learners.Length);
            Allocated = rows;
        }
        for (int p = 0; p < learners.Length; p++)
            learners[p].Replay.Upload(Rows, (long)p * Allocated * RowLength);
        _staging.Forget();
    }

    public void Dispose()
    {
        Rows.Dispose();
        _staging.Dispose();
    }
}
