using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>Waits for the groups of a learner between two phases of an update.</summary>
internal interface IPhaseBarrier
{
    /// <summary>What they wrote before can be read after.</summary>
    void Wait();
}

/// <summary>
/// The update of Algorithm 1 in four phases; NafWorkerGroup.cs is the same on a CPU:
/// <code>
/// forward    sample the minibatch; h and outputs of every network for x; y = r + γ V′(x′)
/// backward   Q(x, u), the loss, and its gradient at every unit
/// gradient   of every weight, by parts of θ
/// apply      Adam, and θ′ ← τ θ + (1 − τ) θ′; nothing that is not finite is applied
/// </code>
/// Every number is made by one group in a fixed order, whichever of the learner's groups it is.
/// </summary>
/// <typeparam name="TSums">Samples that a thread sums.</typeparam>
/// <typeparam name="TDraw">How minibatches are drawn.</typeparam>
internal static class UpdatePhases<T, TMath, TSums, TDraw, TGroup>
    where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T> where TDraw : struct, IMinibatchDraw
    where TGroup : struct, IThreadGroup
{
    /// <summary>All updates of a call of one learner, by one of its groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void All<TBarrier>(in UpdateArguments<T> at, int learner, int part, ArrayView<T> memory, TGroup group, TBarrier barrier)
        where TBarrier : struct, IPhaseBarrier
    {
        for (int k = 0; k < at.Updates; k++)
        {
            UpdateLearner<T> l = UpdateLearner<T>.At(at, learner, k);
            Forward(at, l, part, memory, group);
            barrier.Wait();
            Backward(at, l, part, memory, group);
            barrier.Wait();
            Gradient(at, l, part, memory, group);
            barrier.Wait();
            Apply(at, l, part, memory, group);
            barrier.Wait();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part, ArrayView<T> memory, TGroup group)
    {
        int networks = at.Sizes.Networks + 1, tasks = learner.Runs ? networks * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            UpdatePasses.Forward<T, TMath, TSums, TDraw, TGroup>(at, learner, task % networks, task / networks * at.Sizes.Rows, memory, group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part, ArrayView<T> memory, TGroup group)
    {
        int networks = at.Sizes.Networks, tasks = learner.Runs ? networks * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            UpdatePasses.Backward<T, TMath, TSums, TGroup>(at, learner, task % networks, task / networks * at.Sizes.Rows, memory, group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gradient(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part, ArrayView<T> memory, TGroup group)
    {
        int tiles = learner.Runs ? at.Sizes.Tiles : 0;
        for (int tile = part; tile < tiles; tile += at.Parts)
            MlpWeights.Gradient<T, TSums, TGroup>(learner.Row, at.Sizes, at.Tiles[tile], tile, memory, group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part, ArrayView<T> memory, TGroup group)
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = learner.Row;
        // loss, mean Q and the gradient's norm, by every group for itself
        Four<T> sums = default;
        for (int m = group.Index; m < sizes.Batch; m += group.Size)
        {
            T error = row[sizes.Error + m];
            sums.A += error * error;
            sums.B += row[sizes.Q + m];
        }
        for (int tile = group.Index; tile < sizes.Tiles; tile += group.Size) sums.C += row[sizes.Squares + tile];
        sums = MatrixProduct.SumOverGroup(sums, memory, group);
        T loss = sums.A / TMath.From(sizes.Batch), q = sums.B / TMath.From(sizes.Batch), norm = TMath.Sqrt(sums.C);

        // nothing that is not finite reaches the parameters: the learner stops
        bool finite = TMath.IsFinite(loss) && TMath.IsFinite(norm);
        T clip = learner.Setting(sizes, SettingPlaces.ClipNorm);
        AdamStep<T> step = AdamStep<T>.Of(row, sizes.Settings, learner.Rate, learner.Epsilon);
        if (clip > T.Zero && norm > clip) step.Scale = clip / norm;
        int tiles = learner.Runs && finite ? sizes.Tiles : 0;
        for (int tile = part; tile < tiles; tile += at.Parts)
            MlpWeights.Apply<T, TMath, TGroup>(row, sizes, at.Tiles[tile], step, onlyCopies: false, group);
        if (part == 0 && tiles > 0 && sizes.NetworkStatistics > 0)
            MlpWeights.ApplyStatistics<T, TMath, TGroup>(row, sizes, at.Layers, step.Tau, group);
        if (part == 0 && group.Index == 0)
        {
            at.Results[learner.Result] = loss;
            at.Results[learner.Result + 1] = norm;
            at.Results[learner.Result + 2] = q;
            T made = learner.Runs ? T.One : T.Zero, outcome = finite ? T.One : -T.One;
            at.Results[learner.Result + 3] = made * outcome;
            if (learner.Runs && !finite) row[sizes.Stopped] = T.One;
        }
    }
}
