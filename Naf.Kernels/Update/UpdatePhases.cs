using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Update;

/// <summary>
/// An update in four phases (<see cref="WorkerGroup"/> has the CPU version). The first two are the algorithm's:
/// <code>
/// forward    sample the minibatch; h and outputs of every network for x; targets y from x′
/// backward   Q(x, u), the loss, and its gradient at every unit
/// gradient   of every weight, by tiles of θ
/// apply      Adam, and θ′ ← τ θ + (1 − τ) θ′; skipped if the loss or the gradient is not finite
/// </code>
/// Every number is computed by one group in a fixed order, whichever of the learner's groups it is. No barrier is
/// inside a conditional: a condition becomes a loop of zero iterations. Samples that pad the last tile have x = 0 and
/// no weight in the loss.
/// </summary>
internal static class UpdatePhases<T, TMath, TSums, TDraw, TGroup, TLearner>
    where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
    where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup where TLearner : struct, ILearnerPhases
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
        int each = at.ForwardTasks, tasks = learner.Runs ? each * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            TLearner.Forward<T, TMath, TSums, TDraw, TGroup>(
                at, learner, task % each, task / each * at.Sizes.Rows, memory, group);
    }

    public static void Backward(in UpdateArguments<T> at, in UpdateLearner<T> learner, int part,
        ArrayView<T> memory, TGroup group)
    {
        int each = at.BackwardTasks, tasks = learner.Runs ? each * (at.Sizes.Samples / at.Sizes.Rows) : 0;
        for (int task = part; task < tasks; task += at.Parts)
            TLearner.Backward<T, TMath, TSums, TGroup>(
                at, learner, task % each, task / each * at.Sizes.Rows, memory, group);
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
        AdamStep<T> step = AdamStep<T>.Of(row, sizes.Settings, T.Zero, at.Rates[learner.Rates + sizes.Networks]);
        if (clip > T.Zero && norm > clip) step.Scale = clip / norm;
        int tiles = learner.Runs && finite ? sizes.Tiles : 0;
        for (int i = part; i < tiles; i += at.Parts)
        {
            TileShape tile = at.Tiles[i];
            step.Rate = at.Rates[learner.Rates + tile.Network];
            MlpWeights.Apply<T, TMath, TGroup>(row, sizes, tile, step, onlyCopies: false, group);
        }
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

/// <summary>A learner at one of its updates.</summary>
internal struct UpdateLearner<T> where T : unmanaged, INumber<T>
{
    /// <summary>[sizes.Row].</summary>
    public ArrayView<T> Row;

    /// <summary>Transitions that the minibatch is drawn from.</summary>
    public ArrayView<T> Transitions;

    /// <summary>Number of transitions, and length of each.</summary>
    public int Count, TransitionLength;

    /// <summary>Index of Adam's corrected rates of the networks; ε follows.</summary>
    public int Rates;

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
        int rows = imagines ? at.ImaginedRows : at.ReplayRows;
        long length = (long)rows * at.ReplayRow;
        var l = new UpdateLearner<T>
        {
            Row = at.States.SubView((long)learner * at.Sizes.Row, at.Sizes.Row),
            Transitions = (imagines ? at.Imagined : at.Replay).SubView(learner * length, length),
            Count = imagines ? call.ImaginedCount : call.RealCount, TransitionLength = at.ReplayRow,
            Rates = (at.Sizes.Networks + 1) * (learner * at.Updates + made), Seed = call.Seed,
            LowValue = call.LowValue, HighValue = call.HighValue,
            Update = call.Updates + (ulong)made, Result = 4 * (k * at.Learners + learner),
        };
        l.Runs = call.Active != 0 && l.Count >= at.Sizes.Batch && l.Row[at.Sizes.Stopped] == T.Zero;
        return l;
    }

    /// <summary>Entry <paramref name="i"/> of sample <paramref name="m"/> of the minibatch.</summary>
    public readonly T Sample<TDraw>(int m, int i) where TDraw : struct, IMinibatchDraw =>
        Transitions[(long)TDraw.Row(Seed, Update, m, Count) * TransitionLength + i];

    public readonly T Setting(in LearnerSizes sizes, int place) => Row[sizes.Settings + place];

    /// <summary>
    /// y = r + γ b V′(x′) of sample <paramref name="m"/>, with V′ within its limits. Not finite if V′ is not, so that
    /// the learner stops.
    /// </summary>
    public readonly T Target<TMath, TDraw>(in UpdateArguments<T> at, int m, T value)
        where TMath : struct, IScalarMath<T> where TDraw : struct, IMinibatchDraw
    {
        int reward = at.Sizes.Input + at.Action;
        T low = TMath.From(LowValue), high = TMath.From(HighValue), limited = value;
        if (value < low) limited = low;
        if (value > high) limited = high;
        if (TMath.IsFinite(value)) value = limited;
        return Setting(at.Sizes, SettingPlaces.RewardScale) * Sample<TDraw>(m, reward)
            + Setting(at.Sizes, SettingPlaces.Gamma) * Sample<TDraw>(m, reward + 1) * value;
    }
}

/// <summary>A tile of a learner's minibatch.</summary>
internal static class MinibatchTile
{
    /// <summary>Writes x or x′ to the activations of a pass. No barrier follows.</summary>
    public static void Load<T, TDraw, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int first, bool next, ArrayView<T> act, TGroup group)
        where T : unmanaged, INumber<T> where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        int column = next ? sizes.Input + at.Action + 2 : 0;
        for (int e = group.Index; e < sizes.PaddedInput * sizes.Rows; e += group.Size)
        {
            int r = e / sizes.PaddedInput, i = e - r * sizes.PaddedInput;
            T x = T.Zero;
            if (i < sizes.Input && first + r < sizes.Batch)
                x = learner.Row[sizes.InputScale + i] * learner.Sample<TDraw>(first + r, column + i);
            act[r * sizes.Stride + i] = x;
        }
    }

    /// <summary>Stores x, which the same thread has loaded, and u in the learner's row. No barrier follows.</summary>
    /// <param name="stores">False for nothing.</param>
    public static void Store<T, TDraw, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int first, bool stores, ArrayView<T> act, TGroup group)
        where T : unmanaged, INumber<T> where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup
    {
        LearnerSizes sizes = at.Sizes;
        ArrayView<T> row = learner.Row;
        for (int e = group.Index; e < (stores ? sizes.PaddedInput * sizes.Rows : 0); e += group.Size)
        {
            int r = e / sizes.PaddedInput, i = e - r * sizes.PaddedInput;
            row[sizes.X + i * sizes.Samples + first + r] = act[r * sizes.Stride + i];
        }
        for (int e = group.Index; e < (stores ? at.Action * sizes.Rows : 0); e += group.Size)
        {
            int m = first + e / at.Action;
            row[sizes.U + first * at.Action + e] = m < sizes.Batch
                ? learner.Sample<TDraw>(m, sizes.Input + e % at.Action) : T.Zero;
        }
    }
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
