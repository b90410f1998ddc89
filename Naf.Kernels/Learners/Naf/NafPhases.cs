using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Naf;

/// <summary>
/// NAF's passes (paper, Algorithm 1) in kernels: y = r + γ V′(x′), Q(x, u) = V(x) + A(x, u), loss = mean (Q − y)². A
/// task is one network. With twin values V′ is min(V₁′, V₂′), Q = V₁ + A, and the second network, V₂, has the loss mean
/// (V₂ + A − y)², in which A is constant.
/// </summary>
internal readonly struct NafPhases : ILearnerPhases
{
    /// <summary>One network; index sizes.Networks stands for all targets and leaves y = r + γ V′(x′).</summary>
    public static void Forward<T, TMath, TSums, TDraw, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, int first,
        ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = learner.Row, act = memory.SubView(0, sizes.Rows * sizes.Stride);
        bool isTarget = network == sizes.Networks;

        // a target uses its running statistics and stores no activations
        var tile = new MlpTile(sizes.Rows, sizes.Stride) { First = first, Batch = isTarget ? 0 : sizes.Batch };
        int last = network + (isTarget ? sizes.Targets - 1 : 0);
        for (int n = network; n <= last; n++)
        {
            // sample the minibatch
            MinibatchTile.Load<T, TDraw, TGroup>(at, learner, first, next: isTarget, act, group);
            MinibatchTile.Store<T, TDraw, TGroup>(at, learner, first, stores: n == 0, act, group);
            group.Barrier();

            // outputs of the network
            MlpForward.Run<T, TMath, TSums, TGroup>(
                row, at.Layers.SubView(n * sizes.Layers, sizes.Layers), sizes.Layers, tile, act,
                memory.SubView(sizes.Rows * sizes.Stride), group);

            // V′, the smallest so far; after the last target y = r + γ V′(x′)
            for (int r = group.Index; r < (isTarget ? sizes.Rows : 0); r += group.Size)
            {
                int m = first + r;
                if (m >= sizes.Batch) continue;
                T value = act[r * sizes.Stride];
                if (n > network) value = TwinTarget.Smaller<T, TMath>(row[sizes.Y + m], value);
                if (n == last) value = learner.Target<TMath, TDraw>(at, m, value);
                row[sizes.Y + m] = value;
            }
            group.Barrier();
        }
    }

    /// <summary>∂loss/∂z of every unit of one network.</summary>
    public static void Backward<T, TMath, TSums, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, int first,
        ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        int actLength = sizes.Rows * sizes.Stride,
            partialLength = MatrixProduct.PartialLength(sizes.Rows, sizes.Stride, TSums.Rows, group.Size);
        ArrayView<T> act = memory.SubView(0, actLength);
        ArrayView<LayerShape> layers = at.Layers.SubView(network * sizes.Layers, sizes.Layers);
        LossGradient<T, TMath, TGroup>(at, learner, network, layers[sizes.Layers - 1], first, act,
            memory.SubView(actLength + partialLength), group);
        var tile = new MlpTile(sizes.Rows, sizes.Stride) { First = first, Batch = sizes.Batch };
        MlpBackward.Run<T, TMath, TSums, TGroup>(learner.Row, layers, sizes.Layers, tile, act,
            memory.SubView(actLength), group);
    }

    // Q(x, u), the TD error, and the loss's gradient at the outputs of one network, which is written to act and to the
    // last layer's Delta
    private static void LossGradient<T, TMath, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, LayerShape head, int first,
        ArrayView<T> act, ArrayView<T> scratch, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        HeadPlaces heads = HeadPlaces.Of(at.Layers, sizes, at.Action);
        ArrayView<T> row = learner.Row;
        int action = at.Action, rows = sizes.Rows, length = action * rows;
        // [action, rows] each
        ArrayView<T> slope = scratch.SubView(0, length), diagonal = scratch.SubView(length, length);
        ArrayView<T> slopeDiagonal = scratch.SubView(2 * length, length);
        ArrayView<T> d = scratch.SubView(3 * length, length), z = scratch.SubView(4 * length, length),
            dq = scratch.SubView(5 * length, length);
        int mean = heads.Mean + first * heads.MeanStride, triangle = heads.Triangle + first * heads.TriangleStride;

        // μ = tanh m, the diagonal of L and d = u − μ
        T bound = learner.Setting(sizes, SettingPlaces.Bound);
        for (int e = group.Index; e < length; e += group.Size)
        {
            int i = e / rows, r = e - i * rows;
            T mu = TMath.Tanh(row[mean + r * heads.MeanStride + i]);
            T t = TMath.Tanh(row[triangle + r * heads.TriangleStride + AdvantageKernel.Packed(i, i)] / bound),
                l = TMath.Exp(bound * t);
            slope[e] = T.One - mu * mu;
            diagonal[e] = l;
            slopeDiagonal[e] = l * (T.One - t * t);
            d[e] = row[sizes.U + (first + r) * action + i] - mu;
        }
        group.Barrier();

        // z = Lᵀ d
        for (int e = group.Index; e < length; e += group.Size)
        {
            int j = e / rows, r = e - j * rows;
            T sum = diagonal[e] * d[e];
            for (int i = j + 1; i < action; i++)
                sum += row[triangle + r * heads.TriangleStride + AdvantageKernel.Packed(i, j)] * d[i * rows + r];
            z[e] = sum;
        }
        group.Barrier();

        // A = −½ zᵀz, the error Q − y, or V₂ + A − y, and ∂loss/∂Q
        bool ofTwin = network > 0 && network < sizes.Targets;
        T huber = learner.Setting(sizes, SettingPlaces.Huber);
        for (int r = group.Index; r < rows; r += group.Size)
        {
            T square = T.Zero;
            for (int j = 0; j < action; j++) square += z[j * rows + r] * z[j * rows + r];
            T value = row[heads.Value + (first + r) * heads.ValueStride], q = value - TMath.From(0.5f) * square,
                error = T.Zero;
            if (first + r < sizes.Batch)
            {
                error = q - row[sizes.Y + first + r];
                if (network == 0) row[sizes.Q + first + r] = q;
                if (network == 0) row[sizes.Error + first + r] = error;
                if (ofTwin) error += row[head.Output + (first + r) * head.Columns] - value;
            }
            dq[r] = TMath.From(2) / TMath.From(sizes.Batch) * HuberLoss.HalfSlope<T, TMath>(error, huber);
        }
        group.Barrier();

        // ∂loss/∂V, ∂loss/∂m and ∂loss/∂l
        T penalty = TMath.From(2) / TMath.From(sizes.Batch) * learner.Setting(sizes, SettingPlaces.Penalty);
        bool natural = learner.Setting(sizes, SettingPlaces.Natural) > T.Zero;
        int firstOutput = FirstOutput(sizes, network, action);
        for (int e = group.Index; e < head.Columns * rows; e += group.Size)
        {
            int output = e / rows, r = e - output * rows, kind = firstOutput + output,
                packed = triangle + r * heads.TriangleStride;
            T g = T.Zero;
            if (output < head.Units && kind == 0)
                g = dq[r];
            else if (output < head.Units && kind <= action)
            {
                int i = kind - 1;
                // ∂A/∂μ = L z, or P⁻¹ L z = d
                T sum = d[i * rows + r];
                if (!natural)
                {
                    sum = diagonal[i * rows + r] * z[i * rows + r];
                    for (int j = 0; j < i; j++) sum += row[packed + AdvantageKernel.Packed(i, j)] * z[j * rows + r];
                }
                g = dq[r] * sum * slope[i * rows + r];
                T m = row[mean + r * heads.MeanStride + i];
                if (first + r < sizes.Batch) g += SaturationPenalty.Gradient<T, TMath>(m, penalty);
            }
            else if (output < head.Units)
            {
                int i = 0, entry = kind - 1 - action;
                while (AdvantageKernel.Packed(i + 1, 0) <= entry) i++;
                int j = entry - AdvantageKernel.Packed(i, 0);
                g = -dq[r] * d[i * rows + r] * z[j * rows + r] * (i == j ? slopeDiagonal[i * rows + r] : T.One);
            }
            row[head.Delta + (first + r) * head.DeltaSample + output * head.DeltaUnit] = g;
            act[r * sizes.Stride + output] = g;
        }
        group.Barrier();
    }

    // index of a network's first output in [V | m | l]; a shared trunk has them all
    private static int FirstOutput(in LearnerSizes sizes, int network, int action) =>
        (network >= sizes.Targets ? 1 : 0) + (network > sizes.Targets ? action : 0);
}

/// <summary>Offsets in a learner's row of the outputs V, m and l of sample 0, and their strides per sample.</summary>
internal struct HeadPlaces
{
    /// <summary>V.</summary>
    public int Value, ValueStride;

    /// <summary>[action], m.</summary>
    public int Mean, MeanStride;

    /// <summary>[packed], l.</summary>
    public int Triangle, TriangleStride;

    /// <summary>Of one network each, V's first and those without a target last, or of one trunk.</summary>
    public static HeadPlaces Of(ArrayView<LayerShape> layers, in LearnerSizes sizes, int action)
    {
        bool trunk = sizes.Networks == 1;
        int value = sizes.Layers - 1, step = trunk ? 0 : sizes.Layers, mean = value + sizes.Targets * step,
            triangle = mean + step;
        return new HeadPlaces
        {
            Value = layers[value].Output, ValueStride = layers[value].Columns,
            Mean = layers[mean].Output + (trunk ? 1 : 0), MeanStride = layers[mean].Columns,
            Triangle = layers[triangle].Output + (trunk ? 1 + action : 0),
            TriangleStride = layers[triangle].Columns,
        };
    }
}
