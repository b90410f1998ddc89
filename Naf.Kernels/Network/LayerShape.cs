using System.Runtime.InteropServices;

namespace Naf.Kernels.Network;

/// <summary>
/// A layer of a network as kernels read it: its sizes, and the places of its arrays in a learner's row
/// (<see cref="LearnerLayout"/>). A power of two of bytes, so that it may be loaded by fours.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LayerShape
{
    /// <summary>
    /// Entries of its input, its units (of the last layer: the network's outputs), and the units padded to whole
    /// cache lines.
    /// </summary>
    public int Inputs, Units, Columns;

    /// <summary>1: a hidden layer, with ReLU; 0: the last.</summary>
    public int Hidden;

    /// <summary>
    /// [inputs, columns], weights as the forward pass reads them, a row per input: of the first layer θ itself,
    /// else transposed.
    /// </summary>
    public int Forward;

    /// <summary>[units, padded inputs], weights as θ has them above the first layer.</summary>
    public int Weights;

    /// <summary>[columns], biases, or the shifts of the normalisation.</summary>
    public int Biases;

    /// <summary>[columns], scales of the normalisation; −1: there is none.</summary>
    public int Scales;

    /// <summary>[2, columns], running means and variances.</summary>
    public int Means;

    /// <summary>[samples, columns], what a training pass keeps: the activations, or the network's outputs.</summary>
    public int Output;

    /// <summary>∂loss/∂z, sample m of unit j at Delta + m DeltaSample + j DeltaUnit.</summary>
    public int Delta, DeltaSample, DeltaUnit;

    /// <summary>[samples, columns], the normalised sums of a training pass.</summary>
    public int Normalised;

    /// <summary>[3, columns], means, variances and 1 / √(variance + ε) of a training pass.</summary>
    public int Moments;

    /// <summary>[2, columns], gradients of shifts and scales.</summary>
    public int ShiftGradient;
}

/// <summary>
/// A part of θ whose gradient is summed, and which is stepped, by one group. A part of a weight matrix: G[a, b] = Σₘ
/// left[a, m] right[m, b].
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TileShape
{
    /// <summary>A <see cref="TileKind"/>.</summary>
    public int Kind;

    /// <summary>Size of the part, of θ's rows; columns are whole sixteens.</summary>
    public int Rows, Columns, Stride;

    /// <summary>Place of its first parameter within θ.</summary>
    public int At;

    /// <summary>Place of the averaged copy θ′; −1: none.</summary>
    public int Target;

    /// <summary>Place of the transposed copy [columns, rows]; −1: none.</summary>
    public int Transposed, TransposedStride;

    /// <summary>Place of the transposed copy of θ′; −1: none.</summary>
    public int TargetTransposed;

    /// <summary>left[a, m]; of a bias: unit j's ∂loss/∂z of sample m at Left + m RightStride + j LeftStride.</summary>
    public int Left, LeftStride;

    /// <summary>right[m, b].</summary>
    public int Right, RightStride;

    private readonly int _unused0, _unused1, _unused2;
}

/// <summary>
/// Where a tile's gradient comes from: of weights a product over the minibatch, of biases a sum over it; that of a
/// normalisation's shifts and scales the backward pass has left.
/// </summary>
internal static class TileKind
{
    public const int Weights = 0, Biases = 1, Given = 2;
}
