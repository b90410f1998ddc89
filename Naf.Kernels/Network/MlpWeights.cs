using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>Gradient and Adam step of the parameters, one thread group per <see cref="TileShape"/> of θ.</summary>
internal static class MlpWeights
{
    /// <summary>Rows of a tile per row that a thread sums, and columns of a tile: tasks for 256 threads.</summary>
    public const int TileRows = 16, TileColumns = 64;

    /// <summary>∂loss/∂θ of tile <paramref name="index"/>, and its sum of squares.</summary>
    /// <param name="partial">Shared memory, <see cref="MatrixProduct.PartialLength"/> of the largest tile.</param>
    public static void Gradient<T, TSums, TGroup>(
        ArrayView<T> row, in LearnerSizes sizes, TileShape tile, int index, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TSums : struct, IRowSums<T> where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> row4 = Four<T>.View(row), partial4 = Four<T>.View(partial);
        int rows = tile.Kind == TileKind.Weights ? tile.Rows : 0;
        int columns = tile.Columns / 4, gradient = sizes.Gradient + tile.At;
        int stride = (rows + TSums.Rows - 1) / TSums.Rows * TSums.Rows * columns;
        Four<T> squares = default;

        // G = Σₘ left[a, m] right[m, b]
        int parts = MatrixProduct.Run<T, TSums, TGroup>(
            row, tile.Right, tile.RightStride, tile.Columns, row, tile.Left, tile.LeftStride, rows, sizes.Samples,
            partial, group);
        for (int e = group.Index; e < rows * columns; e += group.Size)
        {
            int a = e / columns, b = e - a * columns;
            Four<T> g = MatrixProduct.Sum(partial4, e, parts, stride);
            row4[(gradient + a * tile.Stride) / 4 + b] = g;
            squares.A += g.A * g.A + g.B * g.B + (g.C * g.C + g.D * g.D);
        }

        // biases; or shifts and scales, whose gradient the backward pass has written
        for (int j = group.Index; j < (tile.Kind == TileKind.Weights ? 0 : tile.Columns); j += group.Size)
        {
            T g = tile.Kind == TileKind.Given ? row[gradient + j] : T.Zero;
            int at = tile.Left + j * tile.LeftStride;
            for (int m = 0; m < (tile.Kind == TileKind.Given ? 0 : sizes.Samples); m++)
            {
                g += row[at];
                at += tile.RightStride;
            }
            row[gradient + j] = g;
            squares.A += g * g;
        }

        squares = MatrixProduct.SumOverGroup(squares, partial, group);
        if (group.Index == 0) row[sizes.Squares + index] = squares.A;
    }

    /// <summary>
    /// Adam step of a tile of θ, θ′ ← θ′ + τ (θ − θ′), and the transposed copies for the forward pass; or only the
    /// copies.
    /// </summary>
    public static void Apply<T, TMath, TGroup>(
        ArrayView<T> row, in LearnerSizes sizes, TileShape tile, in AdamStep<T> step, bool onlyCopies, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> row4 = Four<T>.View(row);
        // blocks of 8 rows and 16 columns: whole memory sectors both of θ and of its transposed copy
        int across = tile.Columns / 16, tasks = (tile.Rows + 7) / 8 * across * 32;
        for (int e = group.Index; e < tasks; e += group.Size)
        {
            int block = e / 32, a = block / across * 8 + e / 4 % 8, b = block % across * 4 + e % 4,
                offset = a * tile.Stride / 4 + b;
            if (a >= tile.Rows) continue;
            int at = (sizes.Parameters + tile.At) / 4 + offset, target = tile.Target / 4 + offset;
            Four<T> theta = row4[at], average = tile.Target >= 0 ? row4[target] : default;
            if (!onlyCopies)
            {
                int first = (sizes.First + tile.At) / 4 + offset, second = (sizes.Second + tile.At) / 4 + offset;
                Four<T> g = row4[(sizes.Gradient + tile.At) / 4 + offset], m = row4[first], v = row4[second];
                step.Apply<TMath>(g.A, ref m.A, ref v.A, ref theta.A);
                step.Apply<TMath>(g.B, ref m.B, ref v.B, ref theta.B);
                step.Apply<TMath>(g.C, ref m.C, ref v.C, ref theta.C);
                step.Apply<TMath>(g.D, ref m.D, ref v.D, ref theta.D);
                row4[first] = m;
                row4[second] = v;
                row4[at] = theta;
                average.A += step.Tau * (theta.A - average.A);
                average.B += step.Tau * (theta.B - average.B);
                average.C += step.Tau * (theta.C - average.C);
                average.D += step.Tau * (theta.D - average.D);
                if (tile.Target >= 0) row4[target] = average;
            }
            int to = 4 * b * tile.TransposedStride + a;
            if (tile.Transposed >= 0) Transpose(row, tile.Transposed + to, tile.TransposedStride, theta);
            if (tile.TargetTransposed >= 0) Transpose(row, tile.TargetTransposed + to, tile.TransposedStride, average);
        }
    }

    /// <summary>Running statistics of the batch normalisation: s ← s + rate (batch − s), then the target's.</summary>
    /// <param name="layers">As <see cref="LearnerLayout.Layers"/>.</param>
    public static void ApplyStatistics<T, TMath, TGroup>(
        ArrayView<T> row, in LearnerSizes sizes, ArrayView<LayerShape> layers, T tau, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        T rate = TMath.From(MlpShape.NormRate);
        for (int l = 0; l < sizes.Networks * sizes.Layers; l++)
        {
            LayerShape layer = layers[l];
            int target = l < sizes.Targets * sizes.Layers ? layers[sizes.Networks * sizes.Layers + l].Means : -1;
            for (int e = group.Index; e < (layer.BatchNorm ? 2 * layer.Columns : 0); e += group.Size)
            {
                T statistic = row[layer.Means + e];
                statistic += rate * (row[layer.Moments + e] - statistic);
                row[layer.Means + e] = statistic;
                if (target >= 0) row[target + e] += tau * (statistic - row[target + e]);
            }
        }
    }

    private static void Transpose<T>(ArrayView<T> row, int to, int stride, Four<T> values)
        where T : unmanaged, INumber<T>
    {
        row[to] = values.A;
        row[to + stride] = values.B;
        row[to + 2 * stride] = values.C;
        row[to + 3 * stride] = values.D;
    }
}
