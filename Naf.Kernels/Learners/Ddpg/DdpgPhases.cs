using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Ddpg;

/// <summary>
/// DDPG's passes in kernels (<see cref="DdpgWorkerGroup"/> has the formulas). <see cref="LearnerLayout.Layers"/> holds
/// the critic, the actor, their targets, and the critic's second pass: the critic of task k is at 2 k.
/// </summary>
internal readonly struct DdpgPhases : ILearnerPhases
{
    private const int Td = 0, Target = 1;

    /// <summary>0: Q(x, u); 1: y = r + γ Q′(x′, μ′(x′)); 2: μ(x) and Q(x, μ(x)).</summary>
    public static void Forward<T, TMath, TSums, TDraw, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int task, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        int action = at.Action, rows = sizes.Rows, actLength = rows * sizes.Stride,
            partialLength = MatrixProduct.PartialLength(rows, sizes.Stride, TSums.Rows, group.Size);
        ArrayView<T> row = learner.Row, act = memory.SubView(0, actLength),
            partial = memory.SubView(actLength, partialLength);
        // [rows, action], u or μ
        ArrayView<T> u = memory.SubView(actLength + partialLength, action * rows);
        bool isTarget = task == Target;
        var tile = new MlpTile(rows, sizes.Stride) { First = first, Batch = isTarget ? 0 : sizes.Batch };

        // μ′(x′) or μ(x); or u
        MinibatchTile.Load<T, TDraw, TGroup>(at, learner, first, isTarget, act, group);
        MinibatchTile.Store<T, TDraw, TGroup>(at, learner, first, stores: task == Td, act, group);
        group.Barrier();
        int actor = DdpgShape.Actor + (isTarget ? 2 : 0);
        MlpForward.Run<T, TMath, TSums, TGroup>(row, at.Layers.SubView(actor * sizes.Layers, sizes.Layers),
            task == Td ? 0 : sizes.Layers, tile, act, partial, group);
        for (int e = group.Index; e < action * rows; e += group.Size)
        {
            int r = e / action, i = e - r * action;
            T entry = T.Zero;
            if (task != Td) entry = TMath.Tanh(act[r * sizes.Stride + i]);
            if (task == Td && first + r < sizes.Batch) entry = learner.Sample<TDraw>(first + r, sizes.Input + i);
            u[e] = entry;
        }
        group.Barrier();

        // the critic, whose second layer also takes u or μ
        int critic = 2 * task * sizes.Layers;
        LayerShape lowest = at.Layers[critic];
        MinibatchTile.Load<T, TDraw, TGroup>(at, learner, first, isTarget, act, group);
        group.Barrier();
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(critic, sizes.Layers), 1, tile, act, partial, group);
        for (int e = group.Index; e < action * rows; e += group.Size)
        {
            int r = e / action, i = lowest.Units + e - r * action;
            act[r * sizes.Stride + i] = u[e];
            if (!isTarget) row[lowest.Output + (first + r) * lowest.Columns + i] = u[e];
        }
        group.Barrier();
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(critic + 1, sizes.Layers - 1), sizes.Layers - 1, tile, act, partial, group);

        // y = r + γ Q′(x′, μ′(x′))
        for (int r = group.Index; r < (isTarget ? rows : 0); r += group.Size)
            if (first + r < sizes.Batch)
                row[sizes.Y + first + r] = learner.Target<TMath, TDraw>(at, first + r, act[r * sizes.Stride]);
        group.Barrier();
    }

    /// <summary>0: the critic's gradient; 1: the actor's, through the critic at (x, μ(x)).</summary>
    public static void Backward<T, TMath, TSums, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int task, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        int rows = sizes.Rows, actLength = rows * sizes.Stride;
        ArrayView<T> row = learner.Row, act = memory.SubView(0, actLength), partial = memory.SubView(actLength);
        bool ofActor = task == 1;
        int critic = (ofActor ? 4 : 0) * sizes.Layers, lower = ofActor ? 1 : 0;
        LayerShape head = at.Layers[critic + sizes.Layers - 1];
        var tile = new MlpTile(rows, sizes.Stride) { First = first, Batch = sizes.Batch };

        // ∂ mean (Q − y)² / ∂Q, or of Huber's loss; or ∂(−mean Q)/∂Q
        T huber = learner.Setting(sizes, SettingPlaces.Huber);
        for (int e = group.Index; e < head.Columns * rows; e += group.Size)
        {
            int output = e / rows, r = e - output * rows, m = first + r;
            T g = T.Zero;
            if (output == 0 && m < sizes.Batch)
            {
                T q = row[head.Output + m * head.Columns], perSample = T.One / TMath.From(sizes.Batch);
                T error = ofActor ? T.Zero : q - row[sizes.Y + m];
                T slope = HuberLoss.HalfSlope<T, TMath>(error, huber);
                g = ofActor ? -perSample : (perSample + perSample) * slope;
                if (!ofActor) row[sizes.Q + m] = q;
                if (!ofActor) row[sizes.Error + m] = error;
            }
            row[head.Delta + m * head.DeltaSample + output * head.DeltaUnit] = g;
            act[r * sizes.Stride + output] = g;
        }
        group.Barrier();
        MlpBackward.Run<T, TMath, TSums, TGroup>(row, at.Layers.SubView(critic + lower, sizes.Layers - lower),
            sizes.Layers - lower, tile, act, partial, group);

        // ∂/∂u = ∂/∂z W of the second layer's columns for u, whole fours of them
        LayerShape lowest = at.Layers[critic], second = at.Layers[critic + 1];
        int from = lowest.Units / 4 * 4, across = (lowest.Units + at.Action + 3) / 4 * 4 - from;
        int parts = MatrixProduct.Run<T, TSums, TGroup>(row, second.Weights + from, lowest.Columns, across,
            act, 0, sizes.Stride, ofActor ? rows : 0, second.Units, partial, group);

        // through the actor's tanh
        T penalty = TMath.From(2) / TMath.From(sizes.Batch) * learner.Setting(sizes, SettingPlaces.Penalty);
        LayerShape mean = at.Layers[DdpgShape.Actor * sizes.Layers + sizes.Layers - 1];
        for (int e = group.Index; e < (ofActor ? mean.Columns * rows : 0); e += group.Size)
        {
            int i = e / rows, r = e - i * rows, m = first + r;
            T g = T.Zero;
            if (i < mean.Units)
            {
                T raw = row[mean.Output + m * mean.Columns + i], mu = TMath.Tanh(raw);
                for (int part = 0; part < parts; part++)
                    g += partial[(part * rows + r) * across + lowest.Units - from + i];
                g *= T.One - mu * mu;
                if (m < sizes.Batch) g += SaturationPenalty.Gradient<T, TMath>(raw, penalty);
            }
            row[mean.Delta + m * mean.DeltaSample + i * mean.DeltaUnit] = g;
            act[r * sizes.Stride + i] = g;
        }
        group.Barrier();
        MlpBackward.Run<T, TMath, TSums, TGroup>(row,
            at.Layers.SubView(DdpgShape.Actor * sizes.Layers, sizes.Layers), ofActor ? sizes.Layers : 0, tile, act,
            partial, group);
    }
}
