namespace Naf.Kernels.Network;

/// <summary>A tile of samples that a thread group takes through a network together.</summary>
/// <param name="rows">Rows, a multiple of the rows that a thread sums.</param>
/// <param name="stride">Row stride of the activations (<see cref="MlpForward.Stride"/>).</param>
internal readonly struct MlpTile(int rows, int stride)
{
    public readonly int Rows = rows, Stride = stride;

    /// <summary>Index of the first row in the minibatch.</summary>
    public int First { get; init; }

    /// <summary>Samples that batch normalisation averages over; 0 outside training (running statistics).</summary>
    public int Batch { get; init; }
}
