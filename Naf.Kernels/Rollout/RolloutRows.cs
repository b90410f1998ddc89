using ILGPU;
using Naf.Gpu.Accelerators;

namespace Naf.Kernels.Rollout;

/// <summary>Moves the rows of rollouts into R_f, contiguous in the order (rollout, step).</summary>
internal static class RolloutRows
{
    /// <summary>Prefix sums of the lengths; one group per learner, two integers of shared memory per thread.</summary>
    public static void Place<TMemory>(RolloutArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<int> sums = TMemory.Allocate<int>();
        int learner = Grid.IdxX, thread = Group.IdxX, threads = Group.DimX, count = at.Learners[learner].Count;
        int each = (count + threads - 1) / threads;
        int first = Math.Min(thread * each, count), end = Math.Min(first + each, count);
        long rollouts = (long)learner * at.Rollouts;
        int rows = 0, cuts = 0;
        for (int m = first; m < end; m++)
        {
            rows += at.Lengths[rollouts + m] >> 1;
            cuts += at.Lengths[rollouts + m] & 1;
        }
        sums[thread] = rows;
        sums[threads + thread] = cuts;
        Group.Barrier();

        // replace each thread's rows by the sum of the rows before it
        if (thread == 0)
        {
            (int total, int lost) = (0, 0);
            for (int i = 0; i < threads; i++)
            {
                int own = sums[i];
                sums[i] = total;
                total += own;
                lost += sums[threads + i];
            }
            at.Totals[2 * learner] = total;
            at.Totals[2 * learner + 1] = lost;
        }
        Group.Barrier();
        int place = sums[thread];
        for (int m = first; m < end; m++)
        {
            at.Places[rollouts + m] = place;
            place += at.Lengths[rollouts + m] >> 1;
        }
    }

    /// <summary>
    /// Appends the rows to R_f, overwriting the oldest; rows that this call would itself overwrite are skipped. One
    /// group per rollout.
    /// </summary>
    public static void Append(RolloutArguments<float> at)
    {
        int learner = Grid.IdxX / at.Rollouts, rollout = Grid.IdxX % at.Rollouts;
        RolloutLearner of = at.Learners[learner];
        int numbers = at.Sizes.RowLength;
        long from = (long)Grid.IdxX * at.Steps * numbers, imagined = (long)learner * at.Capacity;
        int length = rollout < of.Count ? at.Lengths[Grid.IdxX] >> 1 : 0;
        int place = at.Places[Grid.IdxX], lost = at.Totals[2 * learner] - at.Capacity;
        for (int e = Group.IdxX; e < length * numbers; e += Group.DimX)
        {
            int row = place + e / numbers;
            if (row < lost) continue;
            at.Imagined[(imagined + (of.NextRow + row) % at.Capacity) * numbers + e % numbers] = at.Rows[from + e];
        }
    }
}
