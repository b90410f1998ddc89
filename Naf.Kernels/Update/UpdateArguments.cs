using System.Runtime.InteropServices;
using ILGPU;
using Naf.Kernels.Network;

namespace Naf.Kernels.Update;

/// <summary>What a call says of a learner.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LearnerCall
{
    /// <summary>Seed of its minibatches, and updates that it has made.</summary>
    public ulong Seed, Updates;

    /// <summary>Transitions of R and of R_f.</summary>
    public int RealCount, ImaginedCount;

    /// <summary>0: switched off.</summary>
    public int Active;

    private readonly int _unused;
}

/// <summary>Updates of all learners of a population.</summary>
internal struct UpdateArguments<T> where T : unmanaged
{
    /// <summary>[learners, sizes.Row].</summary>
    public ArrayView<T> States;

    /// <summary>
    /// [updates, learners, 4], takes loss, the gradient's norm, mean Q and 1 made, 0 not, −1 stopped.
    /// </summary>
    public ArrayView<T> Results;

    /// <summary>[learners].</summary>
    public ArrayView<LearnerCall> Calls;

    /// <summary>[learners, updates, 2], Adam's corrected rate and ε.</summary>
    public ArrayView<T> Rates;

    /// <summary>[learners, rows, ReplayRow], R and R_f.</summary>
    public ArrayView<T> Replay, Imagined;

    /// <summary>[networks + 1, layers].</summary>
    public ArrayView<LayerShape> Layers;

    /// <summary>[sizes.Tiles].</summary>
    public ArrayView<TileShape> Tiles;

    /// <summary>
    /// [learners], groups that have come to a grid barrier since the buffer was allocated; of a cooperative launch.
    /// </summary>
    public ArrayView<int> Arrived;

    public LearnerSizes Sizes;

    public HeadPlaces Heads;

    /// <summary>Numbers of a transition, and transitions that R and R_f have room for.</summary>
    public int ReplayRow, ReplayRows, ImaginedRows;

    /// <summary>Learners, groups of each, and updates of the call, the first of which draw from R_f.</summary>
    public int Learners, Parts, Updates, ImaginedUpdates;

    /// <summary>The update of a launch of one phase.</summary>
    public int Update;

    /// <summary>What <see cref="Arrived"/> is before the launch.</summary>
    public int ArrivedBefore;
}
