using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Regression;

/// <typeparam name="T">float or double.</typeparam>
internal struct RegressionArguments<T> where T : unmanaged
{
    /// <summary>[learners, sizes.Row].</summary>
    public ArrayView<T> States;

    /// <summary>[updates, batch, input + outputs], minibatches as they were drawn, standardised.</summary>
    public ArrayView<T> Samples;

    /// <summary>[updates, 2], takes the loss and 1 made, 0 not, −1 stopped.</summary>
    public ArrayView<T> Results;

    /// <summary>[updates, 2], Adam's corrected rate and ε.</summary>
    public ArrayView<T> Rates;

    /// <summary>[layers].</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[sizes.Tiles].</summary>
    public ArrayView<TileShape> Tiles;

    /// <summary>Sizes and places; errors stand in U.</summary>
    public LearnerSizes Sizes;

    /// <summary>The learner, and which update.</summary>
    public int Learner, Update;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ArrayView<T> Row() => States.SubView((long)Learner * Sizes.Row, Sizes.Row);
}

/// <summary>
/// An update of a regression (CpuRegression.cs is the same on a CPU) in three launches:
/// <code>
/// passes     a group a tile of samples: g(z), the errors, and the loss's gradient at every unit
/// gradient   a group a part of θ
/// apply      the same: Adam; nothing that is not finite is applied
/// </code>
/// </summary>
internal static class RegressionKernels
{
    public static void Passes<TMemory, TSums>(RegressionArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        Passes<float, FloatMath, TSums, DeviceGroup>(at, Grid.IdxX * at.Sizes.Rows, TMemory.Allocate<float>(), default);

    public static void Gradient<TMemory, TSums>(RegressionArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        MlpWeights.Gradient<float, TSums, DeviceGroup>(at.Row(), at.Sizes, at.Tiles[Grid.IdxX], Grid.IdxX,
            TMemory.Allocate<float>(), default);

    public static void Apply<TMemory>(RegressionArguments<float> at) where TMemory : struct, IGroupMemory =>
        Apply<float, FloatMath, DeviceGroup>(at, Grid.IdxX, TMemory.Allocate<float>(), default);

    /// <summary>
    /// The copies of the weights that the forward pass reads, after θ was written from outside: a group a part of θ.
    /// </summary>
    public static void CopyWeights(RegressionArguments<float> at) =>
        MlpWeights.Apply<float, FloatMath, DeviceGroup>(at.Row(), at.Sizes, at.Tiles[Grid.IdxX], default,
            onlyCopies: true, default);

    /// <summary>Forward and backward pass of the samples from <paramref name="first"/> on.</summary>
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

    /// <summary>The step of one part of θ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T, TMath, TGroup>(
    in RegressionArguments<T> at, int tile, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = at.Row();
        // loss and the gradient's norm, by every group for itself
        int errors = sizes.Batch * at.Layers[sizes.Layers - 1].Units;
        Four<T> sums = default;
        for (int e = group.Index; e < errors; e += group.Size) sums.A += row[sizes.U + e] * row[sizes.U + e];
        for (int t = group.Index; t < sizes.Tiles; t += group.Size) sums.B += row[sizes.Squares + t];
        sums = MatrixProduct.SumOverGroup(sums, memory, group);

        // nothing that is not finite reaches the parameters: the learner stops
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
