using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Transitions that the host has added to the learners' R or R_f and a GPU's copy has not got yet. They are uploaded together, and one launch puts
/// them into their places.
/// </summary>
/// <param name="buffers">The host's copies, one a learner.</param>
/// <param name="insert">The kernel replay_insert.</param>
/// <param name="threads">Threads of its groups.</param>
internal sealed class GpuStaging(GpuDevice device, ReplayBuffer[] buffers, DeviceKernel insert, int threads) : IDisposable
{
    // rows of one upload
    private const int Piece = 1 << 14;

    private readonly List<(int Learner, int Row)> _added = [];
    private DeviceBuffer<float> _staged = device.Allocate<float>(0);
    private DeviceBuffer<ulong> _places = device.Allocate<ulong>(0);

    /// <summary>The host added the newest row of a learner; several learners may do so at the same time.</summary>
    public void Added(int learner)
    {
        lock (_added) _added.Add((learner, buffers[learner].Newest));
    }

    /// <summary>A learner's rows are no longer wanted.</summary>
    public void Forget(int learner)
    {
        lock (_added) _added.RemoveAll(row => row.Learner == learner);
    }

    /// <summary>The device has all rows by another way.</summary>
    public void Forget() => _added.Clear();

    /// <summary>Brings the device up to date.</summary>
    /// <param name="rows">[learners, <paramref name="rowsOfLearner"/>, row].</param>
    /// <exception cref="DeviceMemoryException">There is no room to upload.</exception>
    public void Flush(DeviceBuffer<float> rows, int rowsOfLearner)
    {
        for (int first = 0; first < _added.Count; first += Piece) Insert(rows, rowsOfLearner, first, Math.Min(Piece, _added.Count - first));
        _added.Clear();
    }

    private void Insert(DeviceBuffer<float> rows, int rowsOfLearner, int first, int count)
    {
        int row = buffers[0].RowLength;
        var staged = new float[count * row];
        var places = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            // a place that was overwritten since stands here twice, both times with its newest row
            (int learner, int index) = _added[first + i];
            buffers[learner].RowSpan(index).CopyTo(staged.AsSpan(i * row));
            places[i] = (ulong)learner * (ulong)rowsOfLearner + (ulong)index;
        }
        device.Room(ref _staged, staged.Length).Upload(staged);
        device.Room(ref _places, count).Upload(places);
        int groups = Math.Clamp((staged.Length + threads - 1) / threads, 1, 1024);
        device.Launch(insert, new LaunchShape(groups, threads), rows, _staged, _places, count);
    }

    public void Dispose()
    {
        _staged.Dispose();
        _places.Dispose();
    }
}
