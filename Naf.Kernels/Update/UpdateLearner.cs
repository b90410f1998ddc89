using System.Numerics;
using ILGPU;
using Naf.Kernels.Network;
using Naf.Kernels.Random;

namespace Naf.Kernels.Update;

/// <summary>Which row of a buffer a sample of a minibatch is.</summary>
internal interface IMinibatchDraw
{
    /// <summary>Row of 0 to count − 1.</summary>
    static abstract int Row(ulong seed, ulong update, int sample, int count);
}

/// <summary>Drawn with replacement.</summary>
internal readonly struct RandomDraw : IMinibatchDraw
{
    public static int Row(ulong seed, ulong update, int sample, int count) =>
        Philox.Index(Philox.At(seed, RandomStream.Minibatch, update, (uint)sample / 4).Word(sample % 4), count);
}

/// <summary>The first rows, as they stand.</summary>
internal readonly struct FirstRows : IMinibatchDraw
{
    public static int Row(ulong seed, ulong update, int sample, int count) => sample;
}

/// <summary>A learner at one of its updates.</summary>
internal struct UpdateLearner<T> where T : unmanaged, INumber<T>
{
    /// <summary>[sizes.Row].</summary>
    public ArrayView<T> Row;

    /// <summary>Transitions that the minibatch is drawn from.</summary>
    public ArrayView<T> Transitions;

    /// <summary>How many, and numbers of each.</summary>
    public int Count, TransitionLength;

    /// <summary>Adam's corrected rate and ε.</summary>
    public T Rate, Epsilon;

    /// <summary>Seed of its minibatches, and number of the update since its birth.</summary>
    public ulong Seed, Update;

    /// <summary>Whether the update is made: the learner is switched on, has not stopped and holds a minibatch.</summary>
    public bool Runs;

    /// <summary>First of the update's results.</summary>
    public int Result;

    /// <summary>Update k of a call of one learner; the first <c>ImaginedUpdates</c> draw from R_f, the rest from R.</summary>
    public static UpdateLearner<T> At(in UpdateArguments<T> at, int learner, int k)
    {
        LearnerCall call = at.Calls[learner];
        bool imagines = k < at.ImaginedUpdates;
        // updates from an R_f that holds no minibatch are not made
        int made = k - (call.ImaginedCount >= at.Sizes.Batch ? 0 : Math.Min(k, at.ImaginedUpdates));
        int rows = imagines ? at.ImaginedRows : at.ReplayRows, rate = 2 * (learner * at.Updates + made);
        long length = (long)rows * at.ReplayRow;
        var l = new UpdateLearner<T>
        {
            Row = at.States.SubView((long)learner * at.Sizes.Row, at.Sizes.Row),
            Transitions = (imagines ? at.Imagined : at.Replay).SubView(learner * length, length),
            Count = imagines ? call.ImaginedCount : call.RealCount, TransitionLength = at.ReplayRow,
            Rate = at.Rates[rate], Epsilon = at.Rates[rate + 1], Seed = call.Seed, Update = call.Updates + (ulong)made,
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
