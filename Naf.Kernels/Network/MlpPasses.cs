using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>A tile of samples that a thread group takes through a network together.</summary>
/// <param name="rows">Rows, a multiple of the rows that a thread sums.</param>
/// <param name="stride">Row stride of the activations (<see cref="MlpForward.Stride"/>).</param>
internal readonly struct MlpTile(int rows, int stride)
{
    public readonly int Rows = rows, Stride = stride;

    /// <summary>Index of the first row in the minibatch.</summary>
    public int First { get; init; }

    /// <summary>Samples that batch normalisation averages over; 0 outside training (running statistics).</summary>
    public int Batch { get; init; }
}

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
        int parts = tasks > 0 && tasks < threads ? threads / tasks : 1;
        return parts < turns ? parts : turns;
    }
}
