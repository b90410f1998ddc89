using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>Waits for the groups of a learner, all of which run at the same time: a cooperative launch.</summary>
internal struct GridBarrier(ArrayView<int> arrived, int groups, int before) : IPhaseBarrier
{
    private int _until = before;

    public void Wait()
    {
        _until += groups;
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            MemoryFence.DeviceLevel();
            Atomic.Add(ref arrived[0], 1);
            while (Atomic.Add(ref arrived[0], 0) - _until < 0) { }
            MemoryFence.DeviceLevel();
        }
        Group.Barrier();
    }
}

/// <summary>Waits for the threads of a learner's one group.</summary>
internal readonly struct GroupBarrier : IPhaseBarrier
{
    public void Wait() => Group.Barrier();
}

/// <summary>
/// Updates on a device: groups learner · Parts to learner · Parts + Parts − 1 are a learner's. <c>TSums</c>: samples that a thread sums.
/// </summary>
internal static class UpdateKernels
{
    /// <summary>All updates of a call, in a cooperative launch.</summary>
    public static void Cooperative<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        int learner = Grid.IdxX / at.Parts;
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.All(
            at, learner, Grid.IdxX % at.Parts, memory, default, new GridBarrier(at.Arrived.SubView(learner, 1), at.Parts, at.ArrivedBefore));
    }

    /// <summary>All updates of a call, a group a learner.</summary>
    public static void GroupPerLearner<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.All(
            at, Grid.IdxX, 0, TMemory.Allocate<float>(), default, default(GroupBarrier));

    public static void Forward<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.Forward(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Backward<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.Backward(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Gradient<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.Gradient(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Apply<TMemory, TSums>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float> =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup>.Apply(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    /// <summary>The copies of the weights that the forward pass reads, after θ and θ′ were written from outside: a group a part of θ.</summary>
    public static void CopyWeights(UpdateArguments<float> at)
    {
        int learner = Grid.IdxX / at.Sizes.Tiles;
        MlpWeights.Apply<float, FloatMath, DeviceGroup>(
            at.States.SubView((long)learner * at.Sizes.Row, at.Sizes.Row), at.Sizes, at.Tiles[Grid.IdxX % at.Sizes.Tiles], default, onlyCopies: true,
            default);
    }

    private static UpdateLearner<float> Learner(in UpdateArguments<float> at) => UpdateLearner<float>.At(at, Grid.IdxX / at.Parts, at.Update);
}
