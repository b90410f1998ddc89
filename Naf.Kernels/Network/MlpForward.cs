using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>Rows of samples that a group takes through a network together.</summary>
/// <param name="rows">Rows, a multiple of the rows that a thread sums.</param>
/// <param name="stride">Numbers from one row of activations to the next (<see cref="MlpForward.Stride"/>).</param>
internal readonly struct MlpTile(int rows, int stride)
{
    public readonly int Rows = rows, Stride = stride;

    /// <summary>The first row's place in the minibatch.</summary>
    public int First { get; init; }

    /// <summary>Rows of a minibatch that a normalisation takes its moments of; 0: no training, and running statistics.</summary>
    public int Batch { get; init; }
}

/// <summary>
/// A perceptron by one group, for a tile of samples whose activations stay in shared memory:
/// <code>
/// h₀ = x,  zₗ = hₗ₋₁ Wₗ + bₗ,  hₗ = max(zₗ, 0),  output = h W + b
/// with batch normalisation, hₗ = max(scale ẑ + shift, 0),  ẑ = (z − mean) / √(variance + ε)
/// </code>
/// </summary>
internal static class MlpForward
{
    /// <summary>Numbers from one row of activations to the next: the widest layer, and four more so that columns lie in different banks.</summary>
    public static int Stride(IEnumerable<MlpShape> networks) =>
        4 + networks.Max(n => MlpShape.Pad(Math.Max(Math.Max(n.Input, n.Output), n.Hidden.Max())));

    /// <summary>
    /// Leaves the network's outputs in <paramref name="act"/>. A training pass keeps in the learner's row what the backward pass needs.
    /// Every thread of the group has to call it; begins without a barrier and ends with one.
    /// </summary>
    /// <param name="row">The learner: its weights, with their transposed copies, and running statistics, at the places that the layers say.</param>
    /// <param name="layers">[count], the network's layers: from <c>network · count</c> on of <see cref="LearnerLayout.Layers"/>.</param>
    /// <param name="act">
    /// Shared memory, [tile.Rows, tile.Stride] from a multiple of 4 on: row r has x at r · Stride, zeros behind it to a multiple of 16; takes
    /// output o of row r at r · Stride + o. Visible to the whole group before the call.
    /// </param>
    /// <param name="partial">
    /// Shared memory from a multiple of 4 on, <see cref="MatrixProduct.PartialLength"/> of (tile.Rows, tile.Stride, TSums.Rows, group size).
    /// </param>
    /// <typeparam name="TSums">Rows that a thread sums: of <see cref="OneRow{T}"/> and <see cref="Twice{T, TSums}"/>.</typeparam>
    public static void Run<T, TMath, TSums, TGroup>(
        ArrayView<T> row, ArrayView<LayerShape> layers, int count, MlpTile tile, ArrayView<T> act, ArrayView<T> partial, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T> where TGroup : struct, IThreadGroup
    {
        ArrayView<Four<T>> act4 = Four<T>.View(act), partial4 = Four<T>.View(partial), row4 = Four<T>.View(row);
        for (int l = 0; l < count; l++)
        {
            LayerShape layer = layers[l];
            bool normalised = layer.Scales >= 0, trains = tile.Batch > 0;
            int columns = layer.Columns / 4, outputs = columns * tile.Rows;
            int parts = MatrixProduct.Run<T, TSums, TGroup>(
                row, layer.Forward, layer.Columns, layer.Columns, act, 0, tile.Stride, tile.Rows, layer.Inputs, partial, group);

            // h = max(z, 0), or the outputs
            for (int e = group.Index; e < outputs; e += group.Size)
            {
                int r = e / columns, column = e - r * columns;
                Four<T> z = MatrixProduct.Sum(partial4, e, parts, outputs);
                if (!normalised)
                {
                    z += row4[layer.Biases / 4 + column];
                    if (layer.Hidden != 0) z = Four<T>.Relu(z);
                    if (trains) row4[layer.Output / 4 + tile.First * columns + e] = z;
                }
                act4[r * (tile.Stride / 4) + column] = z;
            }
            group.Barrier();

            for (int column = group.Index; column < (normalised ? layer.Columns : 0); column += group.Size)
                Normalise<T, TMath>(row, layer, tile, column, act);
            group.Barrier();
        }
    }

    // one unit in all rows of the tile: by the moments of the minibatch, which is the tile, in training; else by running statistics
    private static void Normalise<T, TMath>(ArrayView<T> row, LayerShape layer, MlpTile tile, int column, ArrayView<T> act)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        bool trains = tile.Batch > 0;
        T mean = T.Zero, variance = T.Zero, scale = row[layer.Scales + column], shift = row[layer.Biases + column];
        if (trains)
        {
            T perSample = T.One / TMath.From(tile.Batch);
            for (int r = 0; r < tile.Batch; r++) mean += act[r * tile.Stride + column];
            mean *= perSample;
            for (int r = 0; r < tile.Batch; r++)
            {
                T centred = act[r * tile.Stride + column] - mean;
                variance += centred * centred;
            }
            variance *= perSample;
        }
        else
        {
            mean = row[layer.Means + column];
            variance = row[layer.Means + layer.Columns + column];
        }
        T inverse = T.One / TMath.Sqrt(variance + TMath.From(MlpShape.NormEpsilon));
        if (trains)
        {
            row[layer.Moments + column] = mean;
            row[layer.Moments + layer.Columns + column] = variance;
            row[layer.Moments + 2 * layer.Columns + column] = inverse;
        }
        for (int r = 0; r < tile.Rows; r++)
        {
            T n = (act[r * tile.Stride + column] - mean) * inverse, y = n * scale + shift, h = y < T.Zero ? T.Zero : y;
            act[r * tile.Stride + column] = h;
            if (!trains) continue;
            row[layer.Normalised + (tile.First + r) * layer.Columns + column] = n;
            row[layer.Output + (tile.First + r) * layer.Columns + column] = h;
        }
    }
}
