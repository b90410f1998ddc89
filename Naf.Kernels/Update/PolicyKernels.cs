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

    /// <summary>As <see cref="LearnerLayout.Layers"/>.</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[samples, input], as observed.</summary>
    public ArrayView<T> X;

    /// <summary>[samples, late], the late input of the network; empty for none.</summary>
    public ArrayView<T> Late;

    /// <summary>[samples, outputs], receives the network's outputs; [samples, action], μ when acting.</summary>
    public ArrayView<T> Outputs;

    /// <summary>[samples, packed], receives L when acting with it.</summary>
    public ArrayView<T> Lower;

    public LearnerSizes Sizes;

    /// <summary>The network, its first output that is needed, and their number.</summary>
    public int Network, First, Count;

    /// <summary>The network of L and its first output for L, when acting with it.</summary>
    public int LowerNetwork, LowerFirst;

    /// <summary>Entries of the late input; the learner, or the first that acts; samples; samples per group.</summary>
    public int LateSize, Learner, Samples, Rows;
}

internal static class PolicyKernels
{
    /// <summary>u = μ(x) for one sample of each learner from <c>Learner</c> on, one group per learner.</summary>
    public static void Act<TMemory>(PolicyArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        var group = new DeviceGroup();
        int sample = Grid.IdxX;
        Run<float, FloatMath, OneRow<float>, DeviceGroup>(at, at.Learner + sample, sample, 1, memory, group);
        for (int i = group.Index; i < at.Count; i += group.Size)
            at.Outputs[sample * at.Count + i] = FloatMath.Tanh(memory[at.First + i]);
    }

    /// <summary>
    /// u = μ(x) and L(x) for one sample of each learner from <c>Learner</c> on: two groups per learner, the first for μ
    /// and the second for L.
    /// </summary>
    public static void ActWithLower<TMemory>(PolicyArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        var group = new DeviceGroup();
        int sample = Grid.IdxX / 2, learner = at.Learner + sample;
        bool ofLower = Grid.IdxX % 2 == 1;
        if (ofLower) at.Network = at.LowerNetwork;
        Run<float, FloatMath, OneRow<float>, DeviceGroup>(at, learner, sample, 1, memory, group);
        for (int i = group.Index; i < (ofLower ? 0 : at.Count); i += group.Size)
            at.Outputs[sample * at.Count + i] = FloatMath.Tanh(memory[at.First + i]);

        // the diagonal of L, then all of it
        float bound = at.States[(long)learner * at.Sizes.Row + at.Sizes.Settings + SettingPlaces.Bound];
        for (int i = group.Index; i < (ofLower ? at.Count : 0); i += group.Size)
        {
            int output = at.LowerFirst + AdvantageKernel.Packed(i, i);
            memory[output] = AdvantageKernel.Diagonal<float, FloatMath>(memory[output], bound);
        }
        group.Barrier();
        int packed = AdvantageKernel.Packed(at.Count, 0);
        for (int e = group.Index; e < (ofLower ? packed : 0); e += group.Size)
            at.Lower[sample * packed + e] = memory[at.LowerFirst + e];
    }

    /// <summary>The outputs of a network for many samples of one learner: one group per tile of samples.</summary>
    public static void Outputs<TMemory, TSums>(PolicyArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        Outputs<float, FloatMath, TSums, DeviceGroup>(at, Grid.IdxX * at.Rows, memory, default);
    }

    /// <summary>The outputs for samples from <paramref name="first"/> on.</summary>
    public static void Outputs<T, TMath, TSums, TGroup>(
        in PolicyArguments<T> at, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        Run<T, TMath, TSums, TGroup>(at, at.Learner, first, at.Rows, memory, group);
        for (int e = group.Index; e < at.Count * at.Rows; e += group.Size)
        {
            int r = e / at.Count, output = e - r * at.Count;
            if (first + r < at.Samples)
                at.Outputs[(first + r) * at.Count + output] = memory[r * at.Sizes.Stride + at.First + output];
        }
    }

    // the network of a learner for a tile of samples; begins and ends like MlpForward
    private static void Run<T, TMath, TSums, TGroup>(
        in PolicyArguments<T> at, int learner, int first, int rows, ArrayView<T> memory, TGroup group)
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

        // a late input joins the units of the first layer
        int below = at.LateSize > 0 ? 1 : 0, firstLayer = at.Network * sizes.Layers;
        ArrayView<T> act = memory.SubView(0, rows * sizes.Stride), partial = memory.SubView(rows * sizes.Stride);
        var tile = new MlpTile(rows, sizes.Stride);
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(firstLayer, sizes.Layers), below, tile, act, partial, group);
        for (int e = group.Index; e < at.LateSize * rows; e += group.Size)
        {
            int r = e / at.LateSize, i = e - r * at.LateSize;
            T u = T.Zero;
            if (first + r < at.Samples) u = at.Late[(first + r) * at.LateSize + i];
            act[r * sizes.Stride + at.Layers[firstLayer].Units + i] = u;
        }
        group.Barrier();
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(firstLayer + below, sizes.Layers - below), sizes.Layers - below, tile, act, partial,
            group);
    }
}
