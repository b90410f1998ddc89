using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>Small matrix products and sums by one thread group.</summary>
internal static class MatrixProduct
{
    /// <summary>Terms of a sum that are loaded together; sums run over a multiple of it.</summary>
    public const int Turn = 8;

    /// <summary>
    /// partial[s, r, c] = part s of Σₖ h[r, k] w[k, c]. Each thread computes four columns and the rows of
    /// <typeparamref name="TSums"/>; surplus threads split the sum. Ends with a barrier.
    /// </summary>
    /// <param name="w">Offset of w[0, 0]; rows are <paramref name="wStride"/> apart, both multiples of 4.</param>
    /// <param name="columns">A multiple of 4.</param>
    /// <param name="hAt">Offset of h[0, 0]; rows are <paramref name="hStride"/> apart, both multiples of 4.</param>
    /// <param name="rows">Rows, or 0; rows up to the next multiple of TSums.Rows are read and written too.</param>
    /// <param name="inner">
    /// Terms of a sum. Terms up to the next multiple of <see cref="Turn"/> are read too: there h or w must be 0, and
    /// both finite.
    /// </param>
    /// <param name="partial">Shared memory, <see cref="PartialLength"/>.</param>
    /// <returns>The number of parts.</returns>
    public static int Run<T, TSums, TGroup>(
        ArrayView<T> weights, int w, int wStride, int columns, ArrayView<T> inputs, int hAt, int hStride, int rows,
        int inner, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TSums : struct, IRowSums<T> where TGroup : struct, IThreadGroup
    {
        int columnTasks = columns / 4, rowTasks = (rows + TSums.Rows - 1) / TSums.Rows, tasks = columnTasks * rowTasks;
        int turns = (inner + Turn - 1) / Turn, parts = Parts(tasks, turns, group.Size);
        ArrayView<Four<T>> w4 = Four<T>.View(weights), h4 = Four<T>.View(inputs), to = Four<T>.View(partial);
        int wRow = wStride / 4, hRow = hStride / 4;
        for (int task = group.Index; task < tasks * parts; task += group.Size)
        {
            int column = task % columnTasks, row = task / columnTasks % rowTasks * TSums.Rows, part = task / tasks;
            int turn = turns * part / parts, end = turns * (part + 1) / parts;
            int from = w / 4 + turn * Turn * wRow + column, h = hAt / 4 + row * hRow + turn * (Turn / 4);
            TSums sums = default;
            for (; turn < end; turn++)
            {
                int from4 = from + 4 * wRow;
                Four<T> w0 = w4[from], w1 = w4[from + wRow], w2 = w4[from + 2 * wRow], w3 = w4[from + 3 * wRow];
                Four<T> w5 = w4[from4], w6 = w4[from4 + wRow], w7 = w4[from4 + 2 * wRow], w8 = w4[from4 + 3 * wRow];
                sums.Add(w0, w1, w2, w3, h4, h, hRow);
                sums.Add(w5, w6, w7, w8, h4, h + 1, hRow);
                from += Turn * wRow;
                h += Turn / 4;
            }
            sums.Store(to, (part * rowTasks * TSums.Rows + row) * columnTasks + column, columnTasks);
        }
        group.Barrier();
        return parts;
    }

    /// <summary>Elements of a product's partial sums.</summary>
    /// <param name="sums">Rows that a thread sums.</param>
    public static int PartialLength(int rows, int columns, int sums, int threads) =>
        Math.Max(4 * sums * threads, (rows + sums - 1) / sums * sums * columns);

    /// <summary>Four adjacent elements of a product, whose parts are always added in the same order.</summary>
    /// <param name="at">Index of the four within partial[0].</param>
    /// <param name="stride">Elements of a part, divided by 4.</param>
    public static Four<T> Sum<T>(ArrayView<Four<T>> partial, int at, int parts, int stride)
        where T : unmanaged, INumber<T>
    {
        Four<T> sum = partial[at];
        for (int part = 1; part < parts; part++)
        {
            at += stride;
            sum += partial[at];
        }
        return sum;
    }

    /// <summary>Sums over a group's threads, in a fixed order, for every thread. Barriers before and after.</summary>
    /// <param name="scratch">Shared memory, [4 · group size].</param>
    public static Four<T> SumOverGroup<T, TGroup>(Four<T> value, ArrayView<T> scratch, TGroup group)
        where T : unmanaged, INumber<T> where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> sums = Four<T>.View(scratch);
        group.Barrier();
        sums[group.Index] = value;
        group.Barrier();
        for (int count = group.Size; count > 1;)
        {
            int half = (count + 1) / 2;
            if (group.Index + half < count) sums[group.Index] = sums[group.Index] + sums[group.Index + half];
            group.Barrier();
            count = half;
        }
        Four<T> sum = sums[0];
        group.Barrier();
        return sum;
    }

    private static int Parts(int tasks, int turns, int threads)
    {
        // no conditional division: ILGPU would divide first, and a processor traps where there is no task
        int parts = Math.Max(threads / Math.Max(tasks, 1), 1);
        return parts < turns ? parts : turns;
    }
}
