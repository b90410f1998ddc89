using System.Runtime.InteropServices;
using ILGPU;
using Naf.Kernels.Network;

namespace Naf.Kernels.Update;

/// <summary>A learner's arguments of a call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LearnerCall
{
    /// <summary>Seed of its minibatches, and number of updates made so far.</summary>
    public ulong Seed, Updates;

    /// <summary>Number of transitions in R and in R_f.</summary>
    public int RealCount, ImaginedCount;

    /// <summary>0 if the learner is switched off.</summary>
    public int Active;

    /// <summary>Limits of V′ in the target (<see cref="Learner.TargetLimits"/>).</summary>
    public float LowValue, HighValue;

    private readonly int _unused;
}

/// <summary>Arguments of the updates of all learners of a population.</summary>
internal struct UpdateArguments<T> where T : unmanaged
{
    /// <summary>[learners, sizes.Row].</summary>
    public ArrayView<T> States;

    /// <summary>[updates, learners, 4]: loss, gradient norm, mean Q; 1 if made, 0 if not, −1 if stopped.</summary>
    public ArrayView<T> Results;

    /// <summary>[learners].</summary>
    public ArrayView<LearnerCall> Calls;

    /// <summary>[learners, updates, networks + 1], Adam's corrected rate of each network, and ε.</summary>
    public ArrayView<T> Rates;

    /// <summary>[learners, rows, ReplayRow], R and R_f.</summary>
    public ArrayView<T> Replay, Imagined;

    /// <summary>As <see cref="LearnerLayout.Layers"/>.</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[sizes.Tiles].</summary>
    public ArrayView<TileShape> Tiles;

    /// <summary>[learners], arrivals at grid barriers since allocation; for cooperative launches.</summary>
    public ArrayView<int> Arrived;

    public LearnerSizes Sizes;

    /// <summary>Entries of an action.</summary>
    public int Action;

    /// <summary>Tasks of the first two phases (<see cref="LearnerShape.Tasks"/>).</summary>
    public int ForwardTasks, BackwardTasks;

    /// <summary>Length of a transition, and allocated rows of R and R_f.</summary>
    public int ReplayRow, ReplayRows, ImaginedRows;

    /// <summary>Learners, groups per learner, updates of the call, and how many of the first draw from R_f.</summary>
    public int Learners, Parts, Updates, ImaginedUpdates;

    /// <summary>Index of the update, in a launch of one phase.</summary>
    public int Update;

    /// <summary>Value of <see cref="Arrived"/> before the launch.</summary>
    public int ArrivedBefore;
}
