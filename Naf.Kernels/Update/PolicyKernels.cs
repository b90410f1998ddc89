using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>Arguments of kernels that compute network outputs without gradients.</summary>
internal struct PolicyArguments<T> where T : unmanaged
{
    /// <summary>[learners, sizes.Row].</summary>
    public ArrayView<T> States;

    /// <summary>[networks, layers].</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[samples, input], as observed.</summary>
    public ArrayView<T> X;

    /// <summary>[samples], receives V; empty when acting.</summary>
    public ArrayView<T> Value;

    /// <summary>[samples, action], receives m; μ when acting.</summary>
    public ArrayView<T> Mean;

    /// <summary>[samples, packed], receives l; L, or empty, when acting.</summary>
    public ArrayView<T> Triangle;

    public LearnerSizes Sizes;

    /// <summary>Entries of an action; the learner, or the first that acts; samples; samples per group.</summary>
    public int Action, Learner, Samples, Rows;
}

internal static class PolicyKernels
{
    /// <summary>u = μ(x) for one sample of each learner from <c>Learner</c> on, one group per learner.</summary>
    public static void Act<TMemory>(PolicyArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        var group = new DeviceGroup();
        int network = at.Sizes.Networks == 1 ? 0 : 1, first = at.Sizes.Networks == 1 ? 1 : 0, sample = Grid.IdxX;
        Outputs<float, FloatMath, OneRow<float>, DeviceGroup>(
            at, at.Learner + sample, network, sample, 1, memory, group);
        for (int i = group.Index; i < at.Action; i += group.Size)
            at.Mean[sample * at.Action + i] = FloatMath.Tanh(memory[first + i]);
    }

    /// <summary>
    /// u = μ(x) and L(x) for one sample of each learner from <c>Learner</c> on: one group per learner and network of μ
    /// or L.
    /// </summary>
    public static void ActWithLower<TMemory>(PolicyArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        var group = new DeviceGroup();
        int networks = at.Sizes.Networks == 1 ? 1 : 2, sample = Grid.IdxX / networks,
            network = at.Sizes.Networks == 1 ? 0 : 1 + Grid.IdxX % 2, learner = at.Learner + sample;
        Outputs<float, FloatMath, OneRow<float>, DeviceGroup>(at, learner, network, sample, 1, memory, group);
        int outputs = at.Layers[(network + 1) * at.Sizes.Layers - 1].Units;
        int packed = AdvantageKernel.Packed(at.Action, 0), firstOutput = at.Sizes.FirstOutput(network, at.Action);

        // the diagonal of L
        float bound = at.States[(long)learner * at.Sizes.Row + at.Sizes.Settings + SettingPlaces.Bound];
        for (int i = group.Index; i < (network == 1 ? 0 : at.Action); i += group.Size)
        {
            int output = 1 + at.Action + AdvantageKernel.Packed(i, i) - firstOutput;
            memory[output] = AdvantageKernel.Diagonal<float, FloatMath>(memory[output], bound);
        }
        group.Barrier();
        for (int output = group.Index; output < outputs; output += group.Size)
        {
            int kind = firstOutput + output;
            if (kind > at.Action) at.Triangle[sample * packed + kind - 1 - at.Action] = memory[output];
            else if (kind > 0) at.Mean[sample * at.Action + kind - 1] = FloatMath.Tanh(memory[output]);
        }
    }

    /// <summary>V, m and l of many samples of one learner: one group per tile of samples and network.</summary>
    public static void Evaluate<TMemory, TSums>(PolicyArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        Evaluate<float, FloatMath, TSums, DeviceGroup>(
            at, Grid.IdxX % at.Sizes.Networks, Grid.IdxX / at.Sizes.Networks * at.Rows, memory, default);
    }

    /// <summary>The outputs of one network, part of V, m and l, for samples from <paramref name="first"/> on.</summary>
    public static void Evaluate<T, TMath, TSums, TGroup>(
        in PolicyArguments<T> at, int network, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        Outputs<T, TMath, TSums, TGroup>(at, at.Learner, network, first, at.Rows, memory, group);
        int outputs = at.Layers[(network + 1) * at.Sizes.Layers - 1].Units;
        int packed = AdvantageKernel.Packed(at.Action, 0), firstOutput = at.Sizes.FirstOutput(network, at.Action);
        for (int e = group.Index; e < outputs * at.Rows; e += group.Size)
        {
            int r = e / outputs, sample = first + r, output = e - r * outputs, kind = firstOutput + output;
            if (sample >= at.Samples) continue;
            T value = memory[r * at.Sizes.Stride + output];
            if (kind == 0) at.Value[sample] = value;
            else if (kind <= at.Action) at.Mean[sample * at.Action + kind - 1] = value;
            else at.Triangle[sample * packed + kind - 1 - at.Action] = value;
        }
    }

    // one network of a learner for a tile of samples; begins and ends like MlpForward
    private static void Outputs<T, TMath, TSums, TGroup>(
        in PolicyArguments<T> at, int learner, int network, int first, int rows, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = at.States.SubView((long)learner * sizes.Row, sizes.Row);
        for (int e = group.Index; e < sizes.PaddedInput * rows; e += group.Size)
        {
            int r = e / sizes.PaddedInput, i = e - r * sizes.PaddedInput;
            T x = T.Zero;
            if (i < sizes.Input && first + r < at.Samples)
                x = row[sizes.InputScale + i] * at.X[(first + r) * sizes.Input + i];
            memory[r * sizes.Stride + i] = x;
        }
        group.Barrier();
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(network * sizes.Layers, sizes.Layers), sizes.Layers, new MlpTile(rows, sizes.Stride),
            memory.SubView(0, rows * sizes.Stride), memory.SubView(rows * sizes.Stride), group);
    }
}
