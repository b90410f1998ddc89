using System.Runtime.InteropServices;

namespace Naf.Kernels.Network;

/// <summary>
/// A layer of a network for kernels: its sizes, and the offsets of its arrays in a learner's row
/// (<see cref="LearnerLayout"/>). Its size in bytes is a power of two, so that it can be loaded four numbers at a time.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LayerShape
{
    /// <summary>Inputs, units (outputs in the last layer), length of a row (<see cref="MlpShape.Columns"/>).</summary>
    public int Inputs, Units, Columns;

    /// <summary>1 for a hidden layer, with ReLU; 0 for the last layer.</summary>
    public int Hidden;

    /// <summary>[inputs, columns], weights for the forward pass: θ in the first layer, transposed above it.</summary>
    public int Forward;

    /// <summary>[units, padded inputs], weights in θ's layout, above the first layer.</summary>
    public int Weights;

    /// <summary>[columns], biases; with batch normalisation, its shifts.</summary>
    public int Biases;

    /// <summary>[columns], scales of the normalisation, after its shifts [columns]; −1 for none.</summary>
    public int Scales;

    /// <summary>[2, columns], running means and variances of batch normalisation; −1 for none.</summary>
    public int Means;

    /// <summary>[samples, columns], activations of a training pass, or the network's outputs.</summary>
    public int Output;

    /// <summary>∂loss/∂z; sample m of unit j is at Delta + m DeltaSample + j DeltaUnit.</summary>
    public int Delta, DeltaSample, DeltaUnit;

    /// <summary>
    /// [samples, columns], the normalised sums ẑ of a training pass; with layer normalisation, after its backward pass
    /// ẑ ∂loss/∂y, the gradient of the scales by sample.
    /// </summary>
    public int Normalised;

    /// <summary>
    /// [5, columns], means, variances, 1 / √(variance + ε), r and d of a training pass; with layer normalisation only
    /// 1 / √(variance + ε), [samples].
    /// </summary>
    public int Moments;

    /// <summary>
    /// [2, columns], gradients of shifts and scales; with layer normalisation ∂loss/∂y [samples, columns], the gradient
    /// of the shifts by sample.
    /// </summary>
    public int ShiftGradient;

    /// <summary>Offset of the normalisation's shifts.</summary>
    public readonly int Shifts => Scales - Columns;

    public readonly bool BatchNorm => Scales >= 0 && Means >= 0;

    public readonly bool LayerNorm => Scales >= 0 && Means < 0;
}

/// <summary>
/// A tile of θ, whose gradient and Adam step one thread group computes. For a tile of a weight matrix, G[a, b] = Σₘ
/// left[a, m] right[m, b].
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TileShape
{
    /// <summary>One of <see cref="TileKind"/>.</summary>
    public int Kind;

    /// <summary>Size of the tile, columns a multiple of 16, and stride of θ's rows.</summary>
    public int Rows, Columns, Stride;

    /// <summary>Offset of its first parameter in θ.</summary>
    public int At;

    /// <summary>Offset of the target's copy θ′; −1 for none.</summary>
    public int Target;

    /// <summary>Offset of the transposed copy [columns, rows]; −1 for none.</summary>
    public int Transposed, TransposedStride;

    /// <summary>Offset of the transposed copy of θ′; −1 for none.</summary>
    public int TargetTransposed;

    /// <summary>left[a, m]; for biases, ∂loss/∂z of unit j is at Left + m RightStride + j LeftStride.</summary>
    public int Left, LeftStride;

    /// <summary>right[m, b].</summary>
    public int Right, RightStride;

    /// <summary>Index of its network.</summary>
    public int Network;

    private readonly int _unused0, _unused1;
}

/// <summary>
/// How a tile's gradient is computed: for weights a product over the minibatch, for biases a sum over it; the backward
/// pass has already computed that of batch normalisation's shifts and scales.
/// </summary>
internal static class TileKind
{
    public const int Weights = 0, Biases = 1, Given = 2;
}
