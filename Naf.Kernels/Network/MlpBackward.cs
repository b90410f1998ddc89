using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// ∂loss/∂z of every hidden unit of a tile of samples, after a training pass of <see cref="MlpForward"/>: ∂hₗ₋₁ = Wₗ
/// ∂zₗ, kept where h > 0.
/// </summary>
internal static class MlpBackward
{
    /// <summary>Writes Delta of every layer but the last. Ends with a barrier but does not begin with one.</summary>
    /// <param name="layers">[count], the network's layers.</param>
    /// <param name="act">
    /// As in <see cref="MlpForward.Run"/>: holds ∂loss/∂output, then zeros up to a multiple of 16; is overwritten.
    /// </param>
    /// <param name="partial">As in <see cref="MlpForward.Run"/>.</param>
    public static void Run<T, TMath, TSums, TGroup>(
        ArrayView<T> row, ArrayView<LayerShape> layers, int count, MlpTile tile, ArrayView<T> act,
        ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> act4 = Four<T>.View(act), partial4 = Four<T>.View(partial), row4 = Four<T>.View(row);
        for (int l = count - 1; l > 0; l--)
        {
            LayerShape layer = layers[l], below = layers[l - 1];
            int columns = below.Columns / 4, outputs = columns * tile.Rows;
            int parts = MatrixProduct.Run<T, TSums, TGroup>(
                row, layer.Weights, below.Columns, below.Columns, act, 0, tile.Stride, tile.Rows, layer.Units,
                partial, group);

            // through the ReLU; a late input is no unit
            for (int e = group.Index; e < outputs; e += group.Size)
            {
                int r = e / columns, column = e - r * columns, units = below.Units - 4 * column;
                Four<T> d = MatrixProduct.Sum(partial4, e, parts, outputs),
                    h = row4[below.Output / 4 + tile.First * columns + e];
                act4[r * (tile.Stride / 4) + column] = new Four<T>
                {
                    A = h.A > T.Zero && units > 0 ? d.A : T.Zero, B = h.B > T.Zero && units > 1 ? d.B : T.Zero,
                    C = h.C > T.Zero && units > 2 ? d.C : T.Zero, D = h.D > T.Zero && units > 3 ? d.D : T.Zero,
                };
            }
            group.Barrier();

            for (int column = group.Index; column < (below.BatchNorm ? below.Columns : 0); column += group.Size)
                Normalise<T, TMath>(row, below, tile, column, act);
            for (int pass = 0; pass < (below.LayerNorm ? 1 : 0); pass++)
                MlpLayerNorm.Backward<T, TMath, TGroup>(row, below, tile, act, partial, group);
            group.Barrier();

            for (int e = group.Index; e < below.Columns * tile.Rows; e += group.Size)
            {
                int column = e / tile.Rows, r = e - column * tile.Rows;
                row[below.Delta + (tile.First + r) * below.DeltaSample + column * below.DeltaUnit] =
                    act[r * tile.Stride + column];
            }
        }
        group.Barrier();
    }

    // ∂z = scale r / √(variance + ε) (∂y − mean ∂y − ẑ mean(ẑ ∂y)) of one unit in all samples, and the gradients of
    // shift and scale
    private static void Normalise<T, TMath>(
        ArrayView<T> row, LayerShape layer, MlpTile tile, int column, ArrayView<T> act)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        T byShift = T.Zero, spread = T.Zero, renorm = row[layer.Moments + 3 * layer.Columns + column];
        for (int r = 0; r < tile.Batch; r++)
        {
            T dy = act[r * tile.Stride + column];
            byShift += dy;
            spread += dy * row[layer.Normalised + r * layer.Columns + column];
        }
        row[layer.ShiftGradient + column] = byShift;
        row[layer.ShiftGradient + layer.Columns + column] =
            renorm * spread + row[layer.Moments + 4 * layer.Columns + column] * byShift;
        T factor = row[layer.Scales + column] * renorm * row[layer.Moments + 2 * layer.Columns + column],
            perSample = T.One / TMath.From(tile.Batch);
        for (int r = 0; r < tile.Batch; r++)
            act[r * tile.Stride + column] = factor
                * (act[r * tile.Stride + column]
                    - perSample * (spread * row[layer.Normalised + r * layer.Columns + column] + byShift));
    }
}
