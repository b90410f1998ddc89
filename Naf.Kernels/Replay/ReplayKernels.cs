using ILGPU;

namespace Naf.Kernels.Replay;

/// <summary>Transitions to put into replays.</summary>
internal struct ReplayArguments
{
    /// <summary>[learners, rows, length], the replays.</summary>
    public ArrayView<float> Replay;

    /// <summary>[count, length].</summary>
    public ArrayView<float> Rows;

    /// <summary>[count], which row of the replays each is.</summary>
    public ArrayView<long> Places;

    /// <summary>Numbers of a transition, and transitions.</summary>
    public int Length, Count;
}

/// <summary>Replays on a device.</summary>
internal static class ReplayKernels
{
    /// <summary>Puts transitions into their places.</summary>
    public static void Insert(ReplayArguments at)
    {
        for (int e = Grid.IdxX * Group.DimX + Group.IdxX; e < at.Count * at.Length; e += Grid.DimX * Group.DimX)
        {
            int row = e / at.Length;
            at.Replay[at.Places[row] * at.Length + (e - row * at.Length)] = at.Rows[e];
        }
    }
}
