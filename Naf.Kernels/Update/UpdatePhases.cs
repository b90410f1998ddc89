using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>
/// Update kernels: groups learner · Parts to learner · Parts + Parts − 1 belong to one learner. <c>TSums</c>: samples
/// that a thread sums.
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
            at, learner, Grid.IdxX % at.Parts, memory, default,
            new GridBarrier(at.Arrived.SubView(learner, 1), at.Parts, at.ArrivedBefore));
    }

    /// <summary>All updates of a call, one group per learner.</summary>
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

/// <summary>
/// The update of Algorithm 1 in four phases (CpuPopulation.cs has the CPU version):
/// <code>
/// forward    sample the minibatch; h and outputs of every network for x; y = r + γ V′(x′)
/// backward   Q(x, u), the loss, and its gradient at every unit
/// gradient   of every weight, by tiles of θ
/// apply      Adam, and θ′ ← τ θ + (1 − τ) θ′; skipped if the loss or the gradient is not finite
/// </code>
/// Every number is computed by one group in a fixed order, whichever of the learner's groups it is. No barrier is
/// inside a conditional: a condition becomes a loop of zero iterations. Samples that pad the last tile have x = 0 and
/// no weight in the loss.
/// </summary>
internal static class UpdatePhases<T, TMath, TSums, TDraw, TGroup>
    where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
    where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup
{
    /// <summary>All updates of a call of one learner, by one of its groups.</summary>
    public static void All<TBarrier>(
        in UpdateArguments<T> at, int learner, int part, ArrayView<T> memory, TGroup group, TBarrier barrier)
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

    public static void Forward(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part,
        ArrayView<T> memory, TGroup group)
    {
        int networks = at.Sizes.Networks + 1, tasks = learner.Runs ? networks * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            ForwardTile(at, learner, task % networks, task / networks * at.Sizes.Rows, memory, group);
    }

    public static void Backward(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part,
        ArrayView<T> memory, TGroup group)
    {
        int networks = at.Sizes.Networks, tasks = learner.Runs ? networks * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            BackwardTile(at, learner, task % networks, task / networks * at.Sizes.Rows, memory, group);
    }

    public static void Gradient(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part,
        ArrayView<T> memory, TGroup group)
    {
        int tiles = learner.Runs ? at.Sizes.Tiles : 0;
        for (int tile = part; tile < tiles; tile += at.Parts)
            MlpWeights.Gradient<T, TSums, TGroup>(learner.Row, at.Sizes, at.Tiles[tile], tile, memory, group);
    }

    public static void Apply(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part,
        ArrayView<T> memory, TGroup group)
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = learner.Row;
        // loss, mean Q and the gradient's norm, computed by every group
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

        // an update that is not finite is not applied: the learner stops
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

    /// <summary>
    /// One tile of samples through one network; index sizes.Networks is V′ and leaves y = r + γ V′(x′), the targets of
    /// the loss.
    /// </summary>
    private static void ForwardTile(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, int first,
        ArrayView<T> memory, TGroup group)
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = learner.Row, act = memory.SubView(0, sizes.Rows * sizes.Stride);
        bool isTarget = network == sizes.Networks;
        int action = at.Heads.Action, column = isTarget ? sizes.Input + action + 2 : 0;

        // sample the minibatch
        for (int e = group.Index; e < sizes.PaddedInput * sizes.Rows; e += group.Size)
        {
            int r = e / sizes.PaddedInput, i = e - r * sizes.PaddedInput;
            T x = T.Zero;
            if (i < sizes.Input && first + r < sizes.Batch)
                x = row[sizes.InputScale + i] * learner.Sample<TDraw>(first + r, column + i);
            act[r * sizes.Stride + i] = x;
            if (network == 0) row[sizes.X + i * sizes.Samples + first + r] = x;
        }
        for (int e = group.Index; e < (network == 0 ? action * sizes.Rows : 0); e += group.Size)
        {
            int m = first + e / action;
            row[sizes.U + first * action + e] = m < sizes.Batch
                ? learner.Sample<TDraw>(m, sizes.Input + e % action) : T.Zero;
        }
        group.Barrier();

        // outputs of the network; the target uses its running statistics and stores no activations
        var tile = new MlpTile(sizes.Rows, sizes.Stride) { First = first, Batch = isTarget ? 0 : sizes.Batch };
        MlpForward.Run<T, TMath, TSums, TGroup>(
            row, at.Layers.SubView(network * sizes.Layers, sizes.Layers), sizes.Layers, tile, act,
            memory.SubView(sizes.Rows * sizes.Stride), group);

        // y = r + γ V′(x′), with V′ within its limits
        for (int r = group.Index; r < (isTarget ? sizes.Rows : 0); r += group.Size)
        {
            int m = first + r, reward = sizes.Input + action;
            T value = act[r * sizes.Stride];
            T low = TMath.From(learner.LowValue), high = TMath.From(learner.HighValue);
            if (value < low) value = low;
            if (value > high) value = high;
            if (m < sizes.Batch)
                row[sizes.Y + m] = learner.Setting(sizes, SettingPlaces.RewardScale) * learner.Sample<TDraw>(m, reward)
                    + learner.Setting(sizes, SettingPlaces.Gamma) * learner.Sample<TDraw>(m, reward + 1)
                        * value;
        }
        group.Barrier();
    }

    /// <summary>∂loss/∂z of every unit of one network for a tile of samples.</summary>
    private static void BackwardTile(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, int first,
        ArrayView<T> memory, TGroup group)
    {
        LearnerSizes sizes = at.Sizes;
        int actLength = sizes.Rows * sizes.Stride,
            partialLength = MatrixProduct.PartialLength(sizes.Rows, sizes.Stride, TSums.Rows, group.Size);
        ArrayView<T> act = memory.SubView(0, actLength);
        ArrayView<LayerShape> layers = at.Layers.SubView(network * sizes.Layers, sizes.Layers);
        LossGradient(at, learner, network, layers[sizes.Layers - 1], first, act,
            memory.SubView(actLength + partialLength), group);
        var tile = new MlpTile(sizes.Rows, sizes.Stride) { First = first, Batch = sizes.Batch };
        MlpBackward.Run<T, TMath, TSums, TGroup>(learner.Row, layers, sizes.Layers, tile, act,
            memory.SubView(actLength), group);
    }

    // Q(x, u), the TD error, and the loss's gradient at the outputs of one network, which is written to act and to the
    // last layer's Delta
    private static void LossGradient(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int network, LayerShape head, int first,
        ArrayView<T> act, ArrayView<T> scratch, TGroup group)
    {
        LearnerSizes sizes = at.Sizes;
        HeadPlaces heads = at.Heads;
        ArrayView<T> row = learner.Row;
        int action = heads.Action, rows = sizes.Rows, length = action * rows;
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

        // A = −½ zᵀz, the error Q − y and ∂loss/∂Q
        for (int r = group.Index; r < rows; r += group.Size)
        {
            T square = T.Zero;
            for (int j = 0; j < action; j++) square += z[j * rows + r] * z[j * rows + r];
            T q = row[heads.Value + (first + r) * heads.ValueStride] - TMath.From(0.5f) * square, error = T.Zero;
            if (first + r < sizes.Batch)
            {
                error = q - row[sizes.Y + first + r];
                if (network == 0) row[sizes.Q + first + r] = q;
                if (network == 0) row[sizes.Error + first + r] = error;
            }
            dq[r] = TMath.From(2) / TMath.From(sizes.Batch) * error;
        }
        group.Barrier();

        // ∂loss/∂V, ∂loss/∂m and ∂loss/∂l
        T two = TMath.From(2), penalty = learner.Setting(sizes, SettingPlaces.Penalty);
        int firstOutput = sizes.FirstOutput(network, action);
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
                T sum = diagonal[i * rows + r] * z[i * rows + r];
                for (int j = 0; j < i; j++) sum += row[packed + AdvantageKernel.Packed(i, j)] * z[j * rows + r];
                g = dq[r] * sum * slope[i * rows + r];
                // the penalty's gradient: (|m| − 2) beyond ±2
                T raw = row[mean + r * heads.MeanStride + i], excess = T.Zero;
                if (raw > two) excess = raw - two;
                if (raw < -two) excess = raw + two;
                if (first + r < sizes.Batch) g += two / TMath.From(sizes.Batch) * penalty * excess;
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
}

/// <summary>A learner at one of its updates.</summary>
internal struct UpdateLearner<T> where T : unmanaged, INumber<T>
{
    /// <summary>[sizes.Row].</summary>
    public ArrayView<T> Row;

    /// <summary>Transitions that the minibatch is drawn from.</summary>
    public ArrayView<T> Transitions;

    /// <summary>Number of transitions, and length of each.</summary>
    public int Count, TransitionLength;

    /// <summary>Adam's corrected rate and ε.</summary>
    public T Rate, Epsilon;

    /// <summary>Limits of V′ in the target.</summary>
    public float LowValue, HighValue;

    /// <summary>Seed of its minibatches, and index of the update since the learner was created.</summary>
    public ulong Seed, Update;

    /// <summary>Whether the update is made: the learner is active, has not stopped and holds a minibatch.</summary>
    public bool Runs;

    /// <summary>Index of the update's first result.</summary>
    public int Result;

    /// <summary>Update k of a learner's call; the first <c>ImaginedUpdates</c> draw from R_f, others from R.</summary>
    public static UpdateLearner<T> At(in UpdateArguments<T> at, int learner, int k)
    {
        LearnerCall call = at.Calls[learner];
        bool imagines = k < at.ImaginedUpdates;
        // updates from an R_f that holds less than a minibatch are not made
        int made = k - (call.ImaginedCount >= at.Sizes.Batch ? 0 : Math.Min(k, at.ImaginedUpdates));
        int rows = imagines ? at.ImaginedRows : at.ReplayRows, rate = 2 * (learner * at.Updates + made);
        long length = (long)rows * at.ReplayRow;
        var l = new UpdateLearner<T>
        {
            Row = at.States.SubView((long)learner * at.Sizes.Row, at.Sizes.Row),
            Transitions = (imagines ? at.Imagined : at.Replay).SubView(learner * length, length),
            Count = imagines ? call.ImaginedCount : call.RealCount, TransitionLength = at.ReplayRow,
            Rate = at.Rates[rate], Epsilon = at.Rates[rate + 1], Seed = call.Seed, Update = call.Updates + (ulong)made,
            LowValue = call.LowValue, HighValue = call.HighValue,
            Result = 4 * (k * at.Learners + learner),
        };
        l.Runs = call.Active != 0 && l.Count >= at.Sizes.Batch && l.Row[at.Sizes.Stopped] == T.Zero;
        return l;
    }

    /// <summary>Entry <paramref name="i"/> of sample <paramref name="m"/> of the minibatch.</summary>
    public readonly T Sample<TDraw>(int m, int i) where TDraw : struct, IMinibatchDraw =>
        Transitions[(long)TDraw.Row(Seed, Update, m, Count) * TransitionLength + i];

    public readonly T Setting(in LearnerSizes sizes, int place) => Row[sizes.Settings + place];
}

/// <summary>Maps a sample of a minibatch to a row of a buffer.</summary>
internal interface IMinibatchDraw
{
    /// <summary>Row index, 0 to count − 1.</summary>
    static abstract int Row(ulong seed, ulong update, int sample, int count);
}

/// <summary>Draws with replacement.</summary>
internal readonly struct RandomDraw : IMinibatchDraw
{
    public static int Row(ulong seed, ulong update, int sample, int count) =>
        Philox.Index(Philox.At(seed, RandomStream.Minibatch, update, (uint)sample / 4).Word(sample % 4), count);
}

/// <summary>Waits for the groups of a learner between two phases of an update.</summary>
internal interface IPhaseBarrier
{
    /// <summary>Returns when all have arrived; their earlier writes are then visible.</summary>
    void Wait();
}

/// <summary>Barrier over a learner's groups, which all run concurrently in a cooperative launch.</summary>
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

/// <summary>Barrier over the threads of a learner's only group.</summary>
internal readonly struct GroupBarrier : IPhaseBarrier
{
    public void Wait() => Group.Barrier();
}
