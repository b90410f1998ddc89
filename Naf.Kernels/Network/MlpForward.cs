using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// Forward pass of a perceptron by one thread group, for a tile of samples; activations stay in shared memory.
/// <code>
/// h₀ = x,  zₗ = hₗ₋₁ Wₗ + bₗ,  hₗ = max(zₗ, 0),  output = h W + b
/// with normalisation, hₗ = max(scale ẑ + shift, 0),  ẑ = (z − mean) / √(variance + ε)
/// in training with batch normalisation, hₗ = max(scale (r ẑ + d) + shift, 0)
/// </code>
/// </summary>
internal static class MlpForward
{
    /// <summary>Row stride of the activations: the widest layer, plus 4 to put columns in different banks.</summary>
    public static int Stride(IEnumerable<MlpShape> networks) =>
        4 + networks.Max(n => Math.Max(MlpShape.Pad(n.Input), Enumerable.Range(0, n.Layers + 1).Max(n.Columns)));

    /// <summary>
    /// Writes the network's outputs to <paramref name="act"/>. A training pass also stores in the learner's row what
    /// the backward pass needs. Every thread of the group must call it; it ends with a barrier but does not begin with
    /// one.
    /// </summary>
    /// <param name="row">The learner's row: weights, transposed weights and statistics at the layers' offsets.</param>
    /// <param name="layers">
    /// [count], the network's layers: elements <c>network · count</c> onwards of <see cref="LearnerLayout.Layers"/>.
    /// </param>
    /// <param name="act">
    /// Shared memory [tile.Rows, tile.Stride], aligned to 4 elements. On entry row r holds x from r · Stride on, then
    /// zeros up to a multiple of 16, visible to the whole group; on return output o of row r is at r · Stride + o.
    /// </param>
    /// <param name="partial">
    /// Shared memory aligned to 4 elements, of <see cref="MatrixProduct.PartialLength"/> for (tile.Rows, tile.Stride,
    /// TSums.Rows, group size).
    /// </param>
    /// <typeparam name="TSums">
    /// Rows that a thread sums: <see cref="OneRow{T}"/>, or <see cref="Twice{T, TSums}"/> of it.
    /// </typeparam>
    public static void Run<T, TMath, TSums, TGroup>(
        ArrayView<T> row, ArrayView<LayerShape> layers, int count, MlpTile tile, ArrayView<T> act,
        ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> act4 = Four<T>.View(act), partial4 = Four<T>.View(partial), row4 = Four<T>.View(row);
        for (int l = 0; l < count; l++)
        {
            LayerShape layer = layers[l];
            bool normalised = layer.Scales >= 0, batchNorm = layer.BatchNorm, trains = tile.Batch > 0;
            int columns = layer.Columns / 4, outputs = columns * tile.Rows;
            int parts = MatrixProduct.Run<T, TSums, TGroup>(
                row, layer.Forward, layer.Columns, layer.Columns, act, 0, tile.Stride, tile.Rows, layer.Inputs,
                partial, group);

            // h = max(z, 0), or the outputs
            for (int e = group.Index; e < outputs; e += group.Size)
            {
                int r = e / columns, column = e - r * columns;
                Four<T> z = MatrixProduct.Sum(partial4, e, parts, outputs);
                if (!batchNorm) z += row4[layer.Biases / 4 + column];
                if (!normalised)
                {
                    if (layer.Hidden != 0) z = Four<T>.Relu(z);
                    if (trains) row4[layer.Output / 4 + tile.First * columns + e] = z;
                }
                act4[r * (tile.Stride / 4) + column] = z;
            }
            group.Barrier();

            for (int column = group.Index; column < (batchNorm ? layer.Columns : 0); column += group.Size)
                Normalise<T, TMath>(row, layer, tile, column, act);
            for (int pass = 0; pass < (layer.LayerNorm ? 1 : 0); pass++)
                MlpLayerNorm.Forward<T, TMath, TGroup>(row, layer, tile, act, partial, group);
            group.Barrier();
        }
    }

    // normalises one unit in all rows of the tile: in training by the moments of the minibatch, which is the tile, and
    // then by r = σ / σ_running and d = (mean − mean_running) / σ_running, which are bounded and have no gradient
    // (batch renormalisation); otherwise by the running statistics
    private static void Normalise<T, TMath>(
        ArrayView<T> row, LayerShape layer, MlpTile tile, int column, ArrayView<T> act)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        bool trains = tile.Batch > 0;
        T mean = row[layer.Means + column], variance = row[layer.Means + layer.Columns + column],
            epsilon = TMath.From(MlpShape.NormEpsilon), inverse = T.One / TMath.Sqrt(variance + epsilon),
            factor = T.One, offset = T.Zero, scale = row[layer.Scales + column], shift = row[layer.Shifts + column];
        if (trains)
        {
            T running = mean, inverseRunning = inverse;
            mean = T.Zero;
            variance = T.Zero;
            T perSample = T.One / TMath.From(tile.Batch);
            for (int r = 0; r < tile.Batch; r++) mean += act[r * tile.Stride + column];
            mean *= perSample;
            for (int r = 0; r < tile.Batch; r++)
            {
                T centred = act[r * tile.Stride + column] - mean;
                variance += centred * centred;
            }
            variance *= perSample;
            T deviation = TMath.Sqrt(variance + epsilon), most = TMath.From(MlpShape.RenormFactor);
            inverse = T.One / deviation;
            factor = Within(deviation * inverseRunning, T.One / most, most);
            T farthest = TMath.From(MlpShape.RenormOffset);
            offset = Within((mean - running) * inverseRunning, -farthest, farthest);
            row[layer.Moments + column] = mean;
            row[layer.Moments + layer.Columns + column] = variance;
            row[layer.Moments + 2 * layer.Columns + column] = inverse;
            row[layer.Moments + 3 * layer.Columns + column] = factor;
            row[layer.Moments + 4 * layer.Columns + column] = offset;
        }
        for (int r = 0; r < tile.Rows; r++)
        {
            T n = (act[r * tile.Stride + column] - mean) * inverse, y = (n * factor + offset) * scale + shift,
                h = y < T.Zero ? T.Zero : y;
            act[r * tile.Stride + column] = h;
            if (!trains) continue;
            row[layer.Normalised + (tile.First + r) * layer.Columns + column] = n;
            row[layer.Output + (tile.First + r) * layer.Columns + column] = h;
        }
    }

    private static T Within<T>(T x, T low, T high) where T : unmanaged, INumber<T>
    {
        T above = x < low ? low : x;
        return above > high ? high : above;
    }
}
