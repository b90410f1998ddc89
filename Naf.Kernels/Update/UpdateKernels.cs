using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>
/// Update kernels: groups learner · Parts to learner · Parts + Parts − 1 belong to one learner. <c>TSums</c>: samples
/// that a thread sums; <c>TLearner</c>: the algorithm.
/// </summary>
internal static class UpdateKernels
{
    /// <summary>All updates of a call, in a cooperative launch.</summary>
    public static void Cooperative<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        int learner = Grid.IdxX / at.Parts;
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.All(
            at, learner, Grid.IdxX % at.Parts, memory, default,
            new GridBarrier(at.Arrived.SubView(learner, 1), at.Parts, at.ArrivedBefore));
    }

    /// <summary>All updates of a call, one group per learner.</summary>
    public static void GroupPerLearner<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.All(
            at, Grid.IdxX, 0, TMemory.Allocate<float>(), default, default(GroupBarrier));

    public static void Forward<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.Forward(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Backward<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.Backward(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Gradient<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.Gradient(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    public static void Apply<TMemory, TSums, TLearner>(UpdateArguments<float> at)
        where TMemory : struct, IGroupMemory where TSums : struct, IRowSums<float>
        where TLearner : struct, ILearnerPhases =>
        UpdatePhases<float, FloatMath, TSums, RandomDraw, DeviceGroup, TLearner>.Apply(
            at, Learner(at), Grid.IdxX % at.Parts, TMemory.Allocate<float>(), default);

    /// <summary>Updates the transposed weights after the host wrote θ and θ′: one group per tile of θ.</summary>
    public static void CopyWeights(UpdateArguments<float> at)
    {
        int learner = Grid.IdxX / at.Sizes.Tiles;
        MlpWeights.Apply<float, FloatMath, DeviceGroup>(
            at.States.SubView((long)learner * at.Sizes.Row, at.Sizes.Row), at.Sizes,
            at.Tiles[Grid.IdxX % at.Sizes.Tiles], default, onlyCopies: true, default);
    }

    private static UpdateLearner<float> Learner(in UpdateArguments<float> at) =>
        UpdateLearner<float>.At(at, Grid.IdxX / at.Parts, at.Update);
}

/// <summary>The entries of <see cref="UpdateKernels"/> of one algorithm.</summary>
internal sealed record UpdateEntries(
    Action<UpdateArguments<float>> Cooperative, Action<UpdateArguments<float>> GroupPerLearner,
    Action<UpdateArguments<float>> Forward, Action<UpdateArguments<float>> Backward,
    Action<UpdateArguments<float>> Gradient, Action<UpdateArguments<float>> Apply)
{
    public static UpdateEntries Of<TLearner, TSums>()
        where TLearner : struct, ILearnerPhases where TSums : struct, IRowSums<float> => new(
            UpdateKernels.Cooperative<DynamicMemory, TSums, TLearner>,
            UpdateKernels.GroupPerLearner<DynamicMemory, TSums, TLearner>,
            UpdateKernels.Forward<DynamicMemory, TSums, TLearner>,
            UpdateKernels.Backward<DynamicMemory, TSums, TLearner>,
            UpdateKernels.Gradient<DynamicMemory, TSums, TLearner>,
            UpdateKernels.Apply<DynamicMemory, TSums, TLearner>);
}
