using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;

namespace Naf.Kernels.Replay;

/// <summary>
/// The learners' R or R_f on a GPU. The host holds the same rows (<see cref="ReplayBuffer"/>); rows added since the
/// last flush are uploaded together, and one launch inserts them.
/// </summary>
internal sealed class GpuReplay
{
    // rows per upload
    private const int Piece = 1 << 14;

    private readonly BufferScope _scope;
    private readonly ReplayBuffer[] _buffers;
    private readonly DeviceKernel<ReplayArguments> _insert;
    private readonly List<(int Learner, int Row)> _added = [];
    private DeviceBuffer<float> _rows, _staged;
    private DeviceBuffer<long> _places;

    /// <param name="buffers">The host's copies, one a learner.</param>
    /// <param name="capacity">Initial rows per learner; grows with the largest buffer.</param>
    public GpuReplay(BufferScope scope, ReplayBuffer[] buffers, int capacity)
    {
        (_scope, _buffers, RowsOfLearner) = (scope, buffers, capacity);
        _insert = scope.Device.Load<ReplayArguments>(
            ReplayKernels.Insert, Math.Min(256, scope.Device.Limits.GroupThreads));
        _rows = scope.Allocate<float>((long)capacity * RowLength * buffers.Length);
        (_staged, _places) = (scope.Allocate<float>(0), scope.Allocate<long>(0));
    }

    /// <summary>[learners, <see cref="RowsOfLearner"/>, row].</summary>
    public DeviceBuffer<float> Rows => _rows;

    /// <summary>Allocated rows per learner.</summary>
    public int RowsOfLearner { get; private set; }

    public int RowLength => _buffers[0].RowLength;

    /// <summary>Records that the host added a learner's newest row; callable for several learners at once.</summary>
    public void Added(int learner)
    {
        lock (_added) _added.Add((learner, _buffers[learner].Newest));
    }

    /// <summary>Drops the rows of a learner that are still to be uploaded.</summary>
    public void Forget(int learner)
    {
        lock (_added) _added.RemoveAll(row => row.Learner == learner);
    }

    /// <summary>Uploads the rows added since the last call.</summary>
    /// <exception cref="DeviceMemoryException">The device has no memory to grow.</exception>
    public void Flush()
    {
        if (_buffers.Max(b => b.Count) > RowsOfLearner) Reload();
        for (int first = 0; first < _added.Count; first += Piece) Insert(first, Math.Min(Piece, _added.Count - first));
        _added.Clear();
    }

    /// <summary>Uploads all rows, to a larger array if they do not fit.</summary>
    /// <exception cref="DeviceMemoryException">The device has no memory to grow.</exception>
    public void Reload()
    {
        int needed = _buffers.Max(b => b.Count);
        if (needed > RowsOfLearner)
        {
            // the host has every row, so the old array can be freed first
            _scope.Free(_rows);
            (_rows, RowsOfLearner) = (_scope.Allocate<float>(0), 0);
            int rows = (int)Math.Min(_buffers[0].Capacity, Math.Max(4096, 2L * needed));
            _scope.EnsureCapacity(ref _rows, (long)rows * RowLength * _buffers.Length);
            RowsOfLearner = rows;
        }
        for (int p = 0; p < _buffers.Length; p++) _buffers[p].Upload(_rows, First(p));
        _added.Clear();
    }

    /// <summary>Copies all rows from the device to the host.</summary>
    public void Download()
    {
        for (int p = 0; p < _buffers.Length; p++) _buffers[p].Download(_rows, First(p));
    }

    private long First(int learner) => (long)learner * RowsOfLearner * RowLength;

    private void Insert(int first, int count)
    {
        var staged = new float[count * RowLength];
        var places = new long[count];
        for (int i = 0; i < count; i++)
        {
            // a row that was overwritten since is listed twice, both times with its newest content
            (int learner, int row) = _added[first + i];
            _buffers[learner].RowSpan(row).CopyTo(staged.AsSpan(i * RowLength));
            places[i] = (long)learner * RowsOfLearner + row;
        }
        _scope.EnsureCapacity(ref _staged, staged.Length).Upload(staged);
        _scope.EnsureCapacity(ref _places, count).Upload(places);
        int groups = Math.Clamp((staged.Length + _insert.Threads - 1) / _insert.Threads, 1, 1024);
        _insert.Launch(groups, new ReplayArguments
        {
            Replay = _rows.View, Rows = _staged.View, Places = _places.View, Length = RowLength, Count = count,
        });
    }
}

internal struct ReplayArguments
{
    /// <summary>[learners, rows, length], the replays.</summary>
    public ArrayView<float> Replay;

    /// <summary>[count, length].</summary>
    public ArrayView<float> Rows;

    /// <summary>[count], destination of each row in the replays.</summary>
    public ArrayView<long> Places;

    /// <summary>Length of a transition, and number of transitions.</summary>
    public int Length, Count;
}

internal static class ReplayKernels
{
    public static void Insert(ReplayArguments at)
    {
        for (int e = Grid.IdxX * Group.DimX + Group.IdxX; e < at.Count * at.Length; e += Grid.DimX * Group.DimX)
        {
            int row = e / at.Length;
            at.Replay[at.Places[row] * at.Length + (e - row * at.Length)] = at.Rows[e];
        }
    }
}
