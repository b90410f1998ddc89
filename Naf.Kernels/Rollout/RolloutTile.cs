using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Rollout;

/// <summary>A tile of rollouts in the shared memory of the thread group that computes them.</summary>
internal struct RolloutTile<T> where T : unmanaged
{
    public RolloutSizes Sizes;

    public RolloutLearner Of;

    /// <summary>Index of the learner, index of the tile's first rollout in the learner, rollouts of the tile.</summary>
    public int Learner, First, Count;

    /// <summary>Index of the first rollout in the arrays of all learners.</summary>
    public long Place;

    /// <summary>[Scratch], activations of the policy, later reused as [frames and terms, Rows].</summary>
    public ArrayView<T> Scratch;

    /// <summary>[entries, Stride], laid out by <see cref="RolloutSizes"/>.</summary>
    public ArrayView<T> Entries;

    /// <summary>[Rows] each: 1 if a rollout continues; if its step is stored; if non-finite or out of bounds.</summary>
    public ArrayView<int> Alive, Stored, Lost;

    /// <summary>Length of a rollout whose start has not been observed yet.</summary>
    public const int Unobserved = -1;

    /// <summary>[Rows] each: time step of a rollout; 2 × its stored rows, + 1 if it was cut.</summary>
    public ArrayView<int> Time, Length;

    /// <summary>Tile <paramref name="item"/> of a launch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RolloutTile<T> At(
        int item, ArrayView<RolloutLearner> learners, RolloutSizes sizes, int tiles, int rollouts, ArrayView<T> memory)
    {
        int learner = item / tiles, first = item % tiles * sizes.Rows, rows = sizes.Rows, scratch = sizes.Scratch;
        int entries = (sizes.Normals + 4 * sizes.Blocks) * sizes.Stride;
        ArrayView<int> status = memory.SubView(scratch + entries, 5 * rows).Cast<int>();
        RolloutLearner of = learners[learner];
        return new RolloutTile<T>
        {
            Sizes = sizes, Learner = learner, Of = of, First = first, Place = (long)learner * rollouts + first,
            Count = Math.Max(0, Math.Min(of.Count - first, rows)),
            Scratch = memory.SubView(0, scratch), Entries = memory.SubView(scratch, entries),
            Alive = status.SubView(0, rows), Stored = status.SubView(rows, rows), Lost = status.SubView(2 * rows, rows),
            Time = status.SubView(3 * rows, rows), Length = status.SubView(4 * rows, rows),
        };
    }

    /// <summary>The entries of one rollout from a given entry on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Column<T> Entry(int entry, int row) => new(Entries, entry * Sizes.Stride + row, Sizes.Stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Column<T> ScratchOf(int row) => new(Scratch, row, Sizes.Rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Living()
    {
        int living = 0;
        for (int row = 0; row < Sizes.Rows; row++) living += Alive[row];
        return living;
    }
}
