using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The learners' replays on a GPU, [learners, rows, row]. The host holds the same rows (ReplayBuffer); those that it added since are uploaded
/// together and put into their places by one launch. Grows with the largest of them.
/// </summary>
internal sealed class GpuReplay(GpuDevice device, Learner[] learners, DeviceKernel insert, int threads) : IDisposable
{
    private readonly List<(int Learner, int Row)> _added = [];
    private DeviceBuffer<float> _staged = device.Allocate<float>(0);
    private DeviceBuffer<ulong> _places = device.Allocate<ulong>(0);

    /// <summary>The rows.</summary>
    public DeviceBuffer<float> Rows { get; private set; } = device.Allocate<float>(0);

    /// <summary>Rows of each learner that there is room for.</summary>
    public int Allocated { get; private set; }

    private int RowLength => learners[0].Replay.RowLength;

    /// <summary>The host added the newest row of a learner; several learners may do so at the same time.</summary>
    public void Added(int learner)
    {
        lock (_added) _added.Add((learner, learners[learner].Replay.Newest));
    }

    /// <summary>Brings the device up to date.</summary>
    /// <exception cref="DeviceMemoryException">There is no room to grow.</exception>
    public void Flush()
    {
        if (learners.Max(l => l.Replay.Count) > Allocated)
        {
            Reload();
            return;
        }
        if (_added.Count == 0) return;
        int row = RowLength;
        var rows = new float[_added.Count * row];
        var places = new ulong[_added.Count];
        for (int i = 0; i < places.Length; i++)
        {
            (int learner, int index) = _added[i];
            learners[learner].Replay.RowSpan(index).CopyTo(rows.AsSpan(i * row));
            places[i] = (ulong)learner * (ulong)Allocated + (ulong)index;
        }
        _added.Clear();
        device.Room(ref _staged, rows.Length).Upload(rows);
        device.Room(ref _places, places.Length).Upload(places);
        int groups = Math.Clamp((rows.Length + threads - 1) / threads, 1, 1024);
        device.Launch(insert, new LaunchShape(groups, threads), Rows, _staged, _places, places.Length);
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
        _added.Clear();
    }

    public void Dispose()
    {
        Rows.Dispose();
        _staged.Dispose();
        _places.Dispose();
    }
}
