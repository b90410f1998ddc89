using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Replay;

/// <summary>
/// A learner's transitions, one per row: [x | u | r | b | x′], with the factor b of γ V′(x′) in the target: 0 where the
/// episode truly ended (no bootstrap), 1 after one step, γⁿ⁻¹ after n. Grows as it fills; at full capacity the oldest
/// row is overwritten.
/// </summary>
internal sealed unsafe class ReplayBuffer(int state, int action, int capacity) : IDisposable
{
    /// <summary>Floats after the last row that may be read, so that rows can be read in whole registers.</summary>
    public const int Slack = 16;

    // rows allocated initially; rows per copy to or from a GPU
    private const int InitialRows = 4096, Piece = 4096;
    private HostBuffer _rows = new((long)Math.Min(capacity, InitialRows) * (2 * state + action + 2) + Slack);
    private int _allocated = Math.Min(capacity, InitialRows), _next;

    public int RowLength { get; } = 2 * state + action + 2;

    public int Count { get; private set; }

    public int Capacity => capacity;

    /// <summary>The least and the largest reward of a step ever added by <see cref="Add"/>, and 0.</summary>
    public (float Least, float Most) Rewards { get; private set; }

    /// <summary>Index of the row added last; −1 before the first.</summary>
    public int Newest => _next - 1;

    /// <summary>Row <paramref name="index"/>, 0 ≤ index &lt; Count.</summary>
    public float* Row(int index) => _rows.Pointer + (long)index * RowLength;

    public Span<float> RowSpan(int index) => new(Row(index), RowLength);

    /// <summary>All rows, [Count, RowLength]; at most 2³¹ − 1 floats.</summary>
    public Span<float> Rows => new(_rows.Pointer, checked(Count * RowLength));

    /// <summary>Copies all rows to a GPU array, from element <paramref name="at"/> on.</summary>
    public void Upload(DeviceBuffer<float> to, long at)
    {
        // in pieces that fit a span
        for (int first = 0; first < Count; first += Piece)
            to.Upload(new ReadOnlySpan<float>(Row(first), Math.Min(Piece, Count - first) * RowLength),
                at + (long)first * RowLength);
    }

    /// <summary>Copies <see cref="Count"/> rows from a GPU array, from element <paramref name="at"/> on.</summary>
    public void Download(DeviceBuffer<float> from, long at)
    {
        for (int first = 0; first < Count; first += Piece)
            from.Download(new Span<float>(Row(first), Math.Min(Piece, Count - first) * RowLength),
                at + (long)first * RowLength);
    }

    /// <param name="first">The reward of the transition's first step, which enters <see cref="Rewards"/>.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Add(
        ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, float bootstrap,
        float first)
    {
        RequireFinite(x, state, "x");
        RequireFinite(u, action, "u");
        RequireFinite(new ReadOnlySpan<float>(in reward), 1, "reward");
        RequireFinite(next, state, "next x");
        RowsUntilEnd(1);
        var row = new Span<float>(Row(_next), RowLength);
        x.CopyTo(row);
        u.CopyTo(row[state..]);
        row[state + action] = reward;
        row[state + action + 1] = bootstrap;
        next.CopyTo(row[(state + action + 2)..]);
        Rewards = (Math.Min(Rewards.Least, first), Math.Max(Rewards.Most, first));
        Pass(1);
    }

    /// <summary>Adds rows of finite numbers, as if one after another.</summary>
    /// <param name="rows">[count, RowLength].</param>
    public void Append(float* rows, long count)
    {
        for (int fitting; count > 0; count -= fitting)
        {
            fitting = RowsUntilEnd(count);
            long floats = (long)fitting * RowLength;
            Buffer.MemoryCopy(rows, Row(_next), floats * sizeof(float), floats * sizeof(float));
            rows += floats;
            Pass(fitting);
        }
    }

    /// <summary>Counts rows that a device added to its copy; the host only reserves space for them.</summary>
    public void Advance(long count)
    {
        for (int fitting; count > 0; count -= fitting) Pass(fitting = RowsUntilEnd(count));
    }

    /// <summary>Removes all rows; keeps the memory.</summary>
    public void Clear() => (Count, _next) = (0, 0);

    /// <exception cref="InvalidDataException">The checkpoint has another capacity, or is not valid.</exception>
    public void Serialise(CheckpointScope scope)
    {
        scope.Expect("capacity", $"{capacity}");
        (int count, int next) = (scope.Value("count", Count), scope.Value("next", _next));
        if (count < 0 || count > capacity || next < 0 || next > count)
            throw new InvalidDataException(
                $"the checkpoint's replay is not possible: {count} rows of {capacity}, next row {next}");
        Rewards = (scope.Value("least_reward", Rewards.Least), scope.Value("most_reward", Rewards.Most));
        if (count > _allocated) Grow(count);
        (Count, _next) = (count, next);
        scope.Fill(new BufferSection("transitions", _rows, 0, Count, RowLength));
    }

    public void Dispose() => _rows.Dispose();

    // number of these rows that fit before the end, at least one; a full buffer grows or wraps around first
    private int RowsUntilEnd(long rows)
    {
        if (_next == _allocated && _allocated < capacity) Grow((int)Math.Min(capacity, 2L * _allocated));
        if (_next == capacity) _next = 0;
        return (int)Math.Min(rows, _allocated - _next);
    }

    private void Pass(int rows)
    {
        _next += rows;
        Count = Math.Max(Count, _next);
    }

    private void Grow(int rows)
    {
        var larger = new HostBuffer((long)rows * RowLength + Slack);
        long bytes = (long)Count * RowLength * sizeof(float);
        Buffer.MemoryCopy(_rows.Pointer, larger.Pointer, bytes, bytes);
        _rows.Dispose();
        (_rows, _allocated) = (larger, rows);
    }

    /// <exception cref="ArgumentException">The length is wrong.</exception>
    /// <exception cref="NonFiniteTransitionException">An entry is not finite.</exception>
    public static void RequireFinite(ReadOnlySpan<float> values, int length, string name)
    {
        if (values.Length != length)
            throw new ArgumentException($"{name} has {values.Length} entries, expected {length}");
        foreach (float value in values)
            if (!float.IsFinite(value))
                throw new NonFiniteTransitionException(
                    $"{name} has an entry that is not finite in float32 ({value}); the transition was not stored");
    }
}
