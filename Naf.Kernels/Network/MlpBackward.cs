using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>∂loss/∂z of every hidden unit of a tile of samples, after <see cref="MlpForward"/> in training: ∂hₗ₋₁ = Wₗ ∂zₗ, where h > 0.</summary>
internal static class MlpBackward
{
    /// <summary>Writes every layer's Delta but the last one's. Begins without a barrier and ends with one.</summary>
    /// <param name="layers">[count], the network's layers.</param>
    /// <param name="act">As of <see cref="MlpForward.Run"/>: holds ∂loss/∂output, zeros behind it to a multiple of 16; is used up.</param>
    /// <param name="partial">Likewise.</param>
    public static void Run<T, TMath, TSums, TGroup>(
        ArrayView<T> row, ArrayView<LayerShape> layers, int count, MlpTile tile, ArrayView<T> act, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T> where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> act4 = Four<T>.View(act), partial4 = Four<T>.View(partial), row4 = Four<T>.View(row);
        for (int l = count - 1; l > 0; l--)
        {
            LayerShape layer = layers[l], below = layers[l - 1];
            int columns = below.Columns / 4, outputs = columns * tile.Rows;
            int parts = MatrixProduct.Run<T, TSums, TGroup>(
                row, layer.Weights, below.Columns, below.Columns, act, 0, tile.Stride, tile.Rows, layer.Units, partial, group);

            // through the ReLU
            for (int e = group.Index; e < outputs; e += group.Size)
            {
                int r = e / columns, column = e - r * columns;
                Four<T> d = MatrixProduct.Sum(partial4, e, parts, outputs), h = row4[below.Output / 4 + tile.First * columns + e];
                act4[r * (tile.Stride / 4) + column] = new Four<T>
                {
                    A = h.A > T.Zero ? d.A : T.Zero, B = h.B > T.Zero ? d.B : T.Zero,
                    C = h.C > T.Zero ? d.C : T.Zero, D = h.D > T.Zero ? d.D : T.Zero,
                };
            }
            group.Barrier();

            for (int column = group.Index; column < (below.Scales >= 0 ? below.Columns : 0); column += group.Size)
                Normalise<T, TMath>(row, below, tile, column, act);
            group.Barrier();

            for (int e = group.Index; e < below.Columns * tile.Rows; e += group.Size)
            {
                int column = e / tile.Rows, r = e - column * tile.Rows;
                row[below.Delta + (tile.First + r) * below.DeltaSample + column * below.DeltaUnit] = act[r * tile.Stride + column];
            }
        }
        group.Barrier();
    }

    // ∂z = scale / √(variance + ε) (∂y − mean ∂y − ẑ mean(ẑ ∂y)) of one unit in all samples, and the gradients of shift and scale
    private static void Normalise<T, TMath>(ArrayView<T> row, LayerShape layer, MlpTile tile, int column, ArrayView<T> act)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        T byShift = T.Zero, byScale = T.Zero;
        for (int r = 0; r < tile.Batch; r++)
        {
            T dy = act[r * tile.Stride + column];
            byShift += dy;
            byScale += dy * row[layer.Normalised + r * layer.Columns + column];
        }
        row[layer.ShiftGradient + column] = byShift;
        row[layer.ShiftGradient + layer.Columns + column] = byScale;
        T factor = row[layer.Scales + column] * row[layer.Moments + 2 * layer.Columns + column], perSample = T.One / TMath.From(tile.Batch);
        for (int r = 0; r < tile.Batch; r++)
            act[r * tile.Stride + column] = factor
                * (act[r * tile.Stride + column] - perSample * (byScale * row[layer.Normalised + r * layer.Columns + column] + byShift));
    }
}
