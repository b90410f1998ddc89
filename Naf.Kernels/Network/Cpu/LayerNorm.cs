using System.Runtime.Intrinsics;

namespace Naf.Kernels.Network.Cpu;

/// <summary>
/// Layer normalisation of a hidden layer before its ReLU (Ba, Kiros and Hinton 2016); mean and variance are those of a
/// sample over the layer's units. It couples no samples, so workers may share the rows.
/// <code>
/// ẑ = (z − mean) / √(variance + ε),  y = scale ẑ + shift
/// ∂z = (g − mean g − ẑ mean(ẑ g)) / √(variance + ε),  g = scale ∂y
/// </code>
/// </summary>
internal static unsafe class LayerNorm
{
    /// <summary>z ← max(scale ẑ + shift, 0) in place, for rows [first, last); columns after the units stay.</summary>
    public static void Forward(MlpWorkspace space, int layer, float* parameters, int first, int last)
    {
        MlpShape shape = space.Shape;
        // a late input makes rows longer than the padded units
        int row = shape.Columns(layer), columns = MlpShape.Pad(shape.Hidden[layer]), whole = columns - 16;
        float* scales = parameters + shape.Scales(layer), shifts = parameters + shape.Shifts(layer);
        float perUnit = 1f / shape.Hidden[layer];
        Vector512<float> inside = Inside(shape.Hidden[layer] - whole);
        for (int m = first; m < last; m++)
        {
            float* z = space.Activation[layer] + (nint)m * row, n = space.Normalised[layer] + (nint)m * row;
            Vector512<float> sum = inside & Vector512.Load(z + whole);
            for (int j = 0; j < whole; j += 16) sum += Vector512.Load(z + j);
            Vector512<float> mean = Vector512.Create(perUnit * RowOperations.Sum(sum));
            Vector512<float> centred = inside & (Vector512.Load(z + whole) - mean), squares = centred * centred;
            for (int j = 0; j < whole; j += 16)
            {
                centred = Vector512.Load(z + j) - mean;
                squares = Vector512.MultiplyAddEstimate(centred, centred, squares);
            }
            float inverse = 1 / MathF.Sqrt(perUnit * RowOperations.Sum(squares) + MlpShape.NormEpsilon);
            space.Moments[layer][m] = inverse;

            Vector512<float> factor = Vector512.Create(inverse);
            for (int j = 0; j < columns; j += 16)
            {
                Vector512<float> sums = Vector512.Load(z + j), normalised = (sums - mean) * factor;
                normalised.Store(n + j);
                Vector512<float> h = Vector512.MaxNative(Vector512<float>.Zero, Vector512.MultiplyAddEstimate(
                    normalised, Vector512.Load(scales + j), Vector512.Load(shifts + j)));
                (j < whole ? h : Vector512.ConditionalSelect(inside, h, sums)).Store(z + j);
            }
        }
    }

    /// <summary>
    /// ∂loss/∂y → ∂loss/∂z in place for rows [first, last); keeps ∂loss/∂y, and ẑ ∂loss/∂y in the place of ẑ.
    /// </summary>
    public static void Backward(MlpWorkspace space, int layer, float* parameters, int first, int last)
    {
        MlpShape shape = space.Shape;
        int row = shape.Columns(layer), columns = MlpShape.Pad(shape.Hidden[layer]), whole = columns - 16;
        float* scales = parameters + shape.Scales(layer);
        float perUnit = 1f / shape.Hidden[layer];
        Vector512<float> inside = Inside(shape.Hidden[layer] - whole);
        for (int m = first; m < last; m++)
        {
            float* d = space.Gradient[layer] + (nint)m * row, n = space.Normalised[layer] + (nint)m * row,
                shift = space.ShiftGradient[layer] + (nint)m * row;
            Vector512<float> sum = Vector512<float>.Zero, spread = sum;
            for (int j = 0; j < columns; j += 16)
            {
                Vector512<float> g = Vector512.Load(scales + j) * Vector512.Load(d + j);
                sum += g;
                spread = Vector512.MultiplyAddEstimate(g, Vector512.Load(n + j), spread);
            }
            Vector512<float> mean = Vector512.Create(perUnit * RowOperations.Sum(sum));
            Vector512<float> meanSpread = Vector512.Create(perUnit * RowOperations.Sum(spread));
            Vector512<float> factor = Vector512.Create(space.Moments[layer][m]);
            for (int j = 0; j < columns; j += 16)
            {
                Vector512<float> dy = Vector512.Load(d + j), normalised = Vector512.Load(n + j);
                Vector512<float> dz = factor * (Vector512.Load(scales + j) * dy
                    - Vector512.MultiplyAddEstimate(normalised, meanSpread, mean));
                dy.Store(shift + j);
                (normalised * dy).Store(n + j);
                dz.Store(d + j);
            }
            // the padding and a late input have no gradient
            Vector512.ConditionalSelect(inside, Vector512.Load(d + whole), Vector512.Load(shift + whole))
                .Store(d + whole);
            for (int j = columns; j < row; j += 16)
            {
                Vector512<float>.Zero.Store(shift + j);
                Vector512<float>.Zero.Store(n + j);
            }
        }
    }

    /// <summary>The gradients of scale and shift, summed over the minibatch.</summary>
    public static void BackwardParameters(MlpWorkspace space, int layer, float* gradient)
    {
        MlpShape shape = space.Shape;
        int columns = shape.Columns(layer);
        RowOperations.SumRows(space.Batch, space.ShiftGradient[layer], columns, gradient + shape.Shifts(layer));
        RowOperations.SumRows(space.Batch, space.Normalised[layer], columns, gradient + shape.Scales(layer));
    }

    // the first `count` of 16 elements
    private static Vector512<float> Inside(int count) =>
        Vector512.LessThan(Vector512<float>.Indices, Vector512.Create((float)count));
}
