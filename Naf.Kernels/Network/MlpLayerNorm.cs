using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// Layer normalisation of a hidden layer by one thread group, for a tile of samples in shared memory (Ba, Kiros and
/// Hinton 2016); mean and variance are those of a sample over the layer's units.
/// <code>
/// ẑ = (z − mean) / √(variance + ε),  y = scale ẑ + shift,  h = max(y, 0)
/// ∂z = (g − mean g − ẑ mean(ẑ g)) / √(variance + ε),  g = scale ∂y
/// </code>
/// Columns after the units are left as they are. Both passes end with a barrier but do not begin with one.
/// </summary>
internal static class MlpLayerNorm
{
    // threads that share a sample's sums
    private const int MostLanes = 16;

    /// <summary>h from z in <paramref name="act"/>; a training pass also stores ẑ, 1 / √(variance + ε) and h.</summary>
    /// <param name="partial">
    /// As in <see cref="MlpForward.Run"/>; at most 2 max(threads, rows) + 2 rows elements are used.
    /// </param>
    public static void Forward<T, TMath, TGroup>(
        ArrayView<T> row, LayerShape layer, MlpTile tile, ArrayView<T> act, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        int lanes = Lanes(tile.Rows, group.Size), sums = lanes * tile.Rows;
        T perUnit = T.One / TMath.From(layer.Units), epsilon = TMath.From(MlpShape.NormEpsilon);
        ArrayView<T> means = partial.SubView(sums, tile.Rows), inverses = partial.SubView(sums + tile.Rows, tile.Rows);

        // mean over the units
        for (int e = group.Index; e < sums; e += group.Size)
        {
            int r = e / lanes;
            T sum = T.Zero;
            for (int j = e - r * lanes; j < layer.Units; j += lanes) sum += act[r * tile.Stride + j];
            partial[e] = sum;
        }
        group.Barrier();
        for (int r = group.Index; r < tile.Rows; r += group.Size) means[r] = perUnit * Sum(partial, r * lanes, lanes);
        group.Barrier();

        // variance over the units
        for (int e = group.Index; e < sums; e += group.Size)
        {
            int r = e / lanes;
            T sum = T.Zero, mean = means[r];
            for (int j = e - r * lanes; j < layer.Units; j += lanes)
            {
                T centred = act[r * tile.Stride + j] - mean;
                sum += centred * centred;
            }
            partial[e] = sum;
        }
        group.Barrier();
        for (int r = group.Index; r < tile.Rows; r += group.Size)
        {
            T inverse = T.One / TMath.Sqrt(perUnit * Sum(partial, r * lanes, lanes) + epsilon);
            inverses[r] = inverse;
            if (tile.Batch > 0) row[layer.Moments + tile.First + r] = inverse;
        }
        group.Barrier();

        for (int e = group.Index; e < tile.Rows * layer.Columns; e += group.Size)
        {
            int r = e / layer.Columns, j = e - r * layer.Columns;
            T h = act[r * tile.Stride + j], n = T.Zero;
            if (j < layer.Units)
            {
                n = (h - means[r]) * inverses[r];
                T y = n * row[layer.Scales + j] + row[layer.Shifts + j];
                h = y < T.Zero ? T.Zero : y;
                act[r * tile.Stride + j] = h;
            }
            if (tile.Batch > 0) row[layer.Normalised + tile.First * layer.Columns + e] = n;
            if (tile.Batch > 0) row[layer.Output + tile.First * layer.Columns + e] = h;
        }
        group.Barrier();
    }

    /// <summary>∂z from ∂y in <paramref name="act"/>; stores ∂y and ẑ ∂y, whose sums are the gradients.</summary>
    /// <param name="partial">As in <see cref="Forward"/>.</param>
    public static void Backward<T, TMath, TGroup>(
        ArrayView<T> row, LayerShape layer, MlpTile tile, ArrayView<T> act, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        int lanes = Lanes(tile.Rows, group.Size), sums = lanes * tile.Rows;
        T perUnit = T.One / TMath.From(layer.Units);
        ArrayView<T> spreads = partial.SubView(sums, sums), means = partial.SubView(2 * sums, tile.Rows),
            meanSpreads = partial.SubView(2 * sums + tile.Rows, tile.Rows);

        // mean g and mean(ẑ g)
        for (int e = group.Index; e < sums; e += group.Size)
        {
            int r = e / lanes, normalised = layer.Normalised + (tile.First + r) * layer.Columns;
            T sum = T.Zero, spread = T.Zero;
            for (int j = e - r * lanes; j < layer.Units; j += lanes)
            {
                T g = row[layer.Scales + j] * act[r * tile.Stride + j];
                sum += g;
                spread += g * row[normalised + j];
            }
            partial[e] = sum;
            spreads[e] = spread;
        }
        group.Barrier();
        for (int r = group.Index; r < tile.Rows; r += group.Size)
        {
            means[r] = perUnit * Sum(partial, r * lanes, lanes);
            meanSpreads[r] = perUnit * Sum(spreads, r * lanes, lanes);
        }
        group.Barrier();

        for (int e = group.Index; e < tile.Rows * layer.Columns; e += group.Size)
        {
            int r = e / layer.Columns, j = e - r * layer.Columns, at = tile.First * layer.Columns + e;
            T dy = T.Zero, n = row[layer.Normalised + at];
            if (j < layer.Units)
            {
                dy = act[r * tile.Stride + j];
                act[r * tile.Stride + j] = row[layer.Moments + tile.First + r]
                    * (row[layer.Scales + j] * dy - means[r] - n * meanSpreads[r]);
            }
            row[layer.ShiftGradient + at] = dy;
            row[layer.Normalised + at] = n * dy;
        }
        group.Barrier();
    }

    private static int Lanes(int rows, int threads)
    {
        int lanes = rows < threads ? threads / rows : 1;
        return lanes < MostLanes ? lanes : MostLanes;
    }

    private static T Sum<T>(ArrayView<T> partial, int at, int count) where T : unmanaged, INumber<T>
    {
        T sum = partial[at];
        for (int i = 1; i < count; i++) sum += partial[at + i];
        return sum;
    }
}
