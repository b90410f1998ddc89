using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Rollout;

/// <summary>The rollouts that a thread group takes through all their steps, in its memory.</summary>
internal struct RolloutTile<T> where T : unmanaged
{
    public RolloutSizes Sizes;

    public RolloutLearner Of;

    /// <summary>The learner, the number of the first rollout among its own, and the rollouts that exist.</summary>
    public int Learner, First, Count;

    /// <summary>The place of the first rollout in the arrays of all.</summary>
    public long Place;

    /// <summary>
    /// [Scratch], the activations of the policy; then [frames and terms, Rows], the frames of bodies and the terms
    /// of the reward.
    /// </summary>
    public ArrayView<T> Scratch;

    /// <summary>[entries, Stride], as <see cref="RolloutSizes"/> says.</summary>
    public ArrayView<T> Entries;

    /// <summary>
    /// [Rows] each: 1 where a rollout goes on, where its step is stored, and where a number left the bounds or is
    /// not finite.
    /// </summary>
    public ArrayView<int> Alive, Stored, Lost;

    /// <summary>The length of a rollout whose start was not observed yet.</summary>
    public const int Unobserved = -1;

    /// <summary>[Rows] each: its time step, and twice the rows stored, and one more where it was cut.</summary>
    public ArrayView<int> Time, Length;

    /// <summary>The tile number <paramref name="item"/> of a launch.</summary>
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

    /// <summary>What begins at an entry, of one rollout.</summary>
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
