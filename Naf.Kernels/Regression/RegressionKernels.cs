using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Regression;

/// <summary>Arguments of the regression kernels.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal struct RegressionArguments<T> where T : unmanaged
{
    /// <summary>[learners, sizes.Row].</summary>
    public ArrayView<T> States;

    /// <summary>[updates, batch, inputs + outputs], standardised minibatches.</summary>
    public ArrayView<T> Samples;

    /// <summary>[updates, 2], output: the loss, and 1 if updated, 0 if already stopped, −1 if stopped here.</summary>
    public ArrayView<T> Results;

    /// <summary>[updates, 2], Adam's bias-corrected rate and ε.</summary>
    public ArrayView<T> Rates;

    /// <summary>[layers].</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[sizes.Tiles].</summary>
    public ArrayView<TileShape> Tiles;

    /// <summary>Sizes and offsets; the errors are stored in U.</summary>
    public LearnerSizes Sizes;

    /// <summary>Indices of the learner and the update.</summary>
    public int Learner, Update;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ArrayView<T> Row() => States.SubView((long)Learner * Sizes.Row, Sizes.Row);
}

/// <summary>
/// A regression update in three launches (<see cref="CpuRegression"/> is the CPU version):
/// <code>
/// passes     one group per tile of samples: g(z), the errors, and the gradient of the loss at every unit
/// gradient   one group per tile of θ
/// apply      one group per tile of θ: Adam step, only if all is finite
/// </code>
/// </summary>
internal static class RegressionKernels
{
    public static void Passes<TMemory, TSums>(RegressionArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        Passes<float, FloatMath, TSums, DeviceGroup>(at, Grid.IdxX * at.Sizes.Rows, TMemory.Allocate<float>(), default);

    public static void Gradient<TMemory, TSums>(RegressionArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        MlpWeights.Gradient<float, TSums, DeviceGroup>(
            at.Row(), at.Sizes, at.Tiles[Grid.IdxX], Grid.IdxX, TMemory.Allocate<float>(), default);

    public static void Apply<TMemory>(RegressionArguments<float> at) where TMemory : struct, IGroupMemory =>
        Apply<float, FloatMath, DeviceGroup>(at, Grid.IdxX, TMemory.Allocate<float>(), default);

    /// <summary>Refreshes the forward pass's weight copies after an upload of θ; one group per tile of θ.</summary>
    public static void CopyWeights(RegressionArguments<float> at) =>
        MlpWeights.Apply<float, FloatMath, DeviceGroup>(
            at.Row(), at.Sizes, at.Tiles[Grid.IdxX], default, onlyCopies: true, default);

    /// <summary>Forward and backward pass of the tile of samples that begins at <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Passes<T, TMath, TSums, TGroup>(
        in RegressionArguments<T> at, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        LayerShape head = at.Layers[sizes.Layers - 1];
        ArrayView<T> row = at.Row(), partial = memory.SubView(sizes.Rows * sizes.Stride);
        int length = sizes.Input + head.Units;
        long samples = ((long)at.Update * sizes.Batch + first) * length;
        for (int e = group.Index; e < sizes.PaddedInput * sizes.Rows; e += group.Size)
        {
            int r = e / sizes.PaddedInput, i = e - r * sizes.PaddedInput;
            T z = i < sizes.Input && first + r < sizes.Batch ? at.Samples[samples + r * length + i] : T.Zero;
            memory[r * sizes.Stride + i] = z;
            row[sizes.X + i * sizes.Samples + first + r] = z;
        }
        group.Barrier();
        var tile = new MlpTile(sizes.Rows, sizes.Stride) { First = first, Batch = sizes.Batch };
        MlpForward.Run<T, TMath, TSums, TGroup>(row, at.Layers, sizes.Layers, tile, memory, partial, group);

        // the errors g(z) − y, and ∂loss/∂g
        T factor = TMath.From(2) / TMath.From(sizes.Batch * head.Units);
        for (int e = group.Index; e < head.Columns * sizes.Rows; e += group.Size)
        {
            int output = e / sizes.Rows, r = e - output * sizes.Rows;
            T error = T.Zero;
            if (output < head.Units && first + r < sizes.Batch)
            {
                error = memory[r * sizes.Stride + output] - at.Samples[samples + r * length + sizes.Input + output];
                row[sizes.U + (first + r) * head.Units + output] = error;
            }
            memory[r * sizes.Stride + output] = factor * error;
            row[head.Delta + (first + r) * head.DeltaSample + output * head.DeltaUnit] = factor * error;
        }
        group.Barrier();
        MlpBackward.Run<T, TMath, TSums, TGroup>(row, at.Layers, sizes.Layers, tile, memory, partial, group);
    }

    /// <summary>Adam step of one tile of θ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T, TMath, TGroup>(
        in RegressionArguments<T> at, int tile, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = at.Row();
        // every group computes the loss and the norm of the gradient
        int errors = sizes.Batch * at.Layers[sizes.Layers - 1].Units;
        Four<T> sums = default;
        for (int e = group.Index; e < errors; e += group.Size) sums.A += row[sizes.U + e] * row[sizes.U + e];
        for (int t = group.Index; t < sizes.Tiles; t += group.Size) sums.B += row[sizes.Squares + t];
        sums = MatrixProduct.SumOverGroup(sums, memory, group);

        // if the loss or gradient is not finite, the learner stops and keeps its parameters
        T loss = sums.A / TMath.From(errors);
        bool runs = row[sizes.Stopped] == T.Zero, finite = TMath.IsFinite(loss) && TMath.IsFinite(sums.B);
        AdamStep<T> step = AdamStep<T>.Of(row, sizes.Settings, at.Rates[2 * at.Update], at.Rates[2 * at.Update + 1]);
        if (runs && finite)
            MlpWeights.Apply<T, TMath, TGroup>(row, sizes, at.Tiles[tile], step, onlyCopies: false, group);
        if (tile == 0 && group.Index == 0)
        {
            at.Results[2 * at.Update] = loss;
            T made = runs ? T.One : T.Zero, outcome = finite ? T.One : -T.One;
            at.Results[2 * at.Update + 1] = made * outcome;
            if (runs && !finite) row[sizes.Stopped] = T.One;
        }
    }
}
