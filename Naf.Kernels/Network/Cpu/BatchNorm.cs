using System.Runtime.Intrinsics;

namespace Naf.Kernels.Network.Cpu;

/// <summary>
/// Batch normalisation of a hidden layer before its ReLU (Ioffe and Szegedy 2015). The shift replaces the layer's bias.
/// <code>
/// ẑ = (z − mean) / √(variance + ε),  y = scale ẑ + shift
/// </code>
/// </summary>
internal static unsafe class BatchNorm
{
    /// <summary>z ← scale ẑ + shift in place, for the first <paramref name="rows"/> rows.</summary>
    /// <param name="statistics">Running statistics to use; null for the batch's own, which the workspace keeps.</param>
    public static void Forward(MlpWorkspace space, int layer, float* parameters, float* statistics, int rows)
    {
        MlpShape shape = space.Shape;
        int columns = MlpShape.Pad(shape.Hidden[layer]);
        float* z = space.Activation[layer], normalised = space.Normalised[layer], moments = space.Moments[layer];
        float* scales = parameters + shape.Scales(layer), shifts = parameters + shape.Biases(layer);
        Vector512<float> one = Vector512<float>.One, epsilon = Vector512.Create(MlpShape.NormEpsilon);
        Vector512<float> perSample = Vector512.Create(1f / rows);
        for (int j = 0; j < columns; j += 16)
        {
            Vector512<float> mean, variance;
            if (statistics is null)
            {
                // mean and variance over the batch
                mean = Vector512<float>.Zero;
                for (int m = 0; m < rows; m++)
                    mean += Vector512.Load(z + (nint)m * columns + j);
                mean *= perSample;
                variance = Vector512<float>.Zero;
                for (int m = 0; m < rows; m++)
                {
                    Vector512<float> centred = Vector512.Load(z + (nint)m * columns + j) - mean;
                    variance = Vector512.MultiplyAddEstimate(centred, centred, variance);
                }
                variance *= perSample;
            }
            else
            {
                mean = Vector512.Load(statistics + shape.Means(layer) + j);
                variance = Vector512.Load(statistics + shape.Means(layer) + columns + j);
            }
            Vector512<float> inverse = one / Vector512.Sqrt(variance + epsilon);
            mean.Store(moments + j);
            variance.Store(moments + columns + j);
            inverse.Store(moments + 2 * columns + j);

            Vector512<float> scale = Vector512.Load(scales + j), shift = Vector512.Load(shifts + j);
            for (nint at = j; at < (nint)rows * columns; at += columns)
            {
                Vector512<float> n = (Vector512.Load(z + at) - mean) * inverse;
                n.Store(normalised + at);
                Vector512.MultiplyAddEstimate(n, scale, shift).Store(z + at);
            }
        }
    }

    /// <summary>
    /// ∂/∂z ← scale/√(variance + ε) (∂/∂y − mean(∂/∂y) − ẑ mean(ẑ ∂/∂y)) in place, and the gradients of scale
    /// and shift.
    /// </summary>
    public static void Backward(MlpWorkspace space, int layer, float* parameters, float* gradient)
    {
        MlpShape shape = space.Shape;
        int columns = MlpShape.Pad(shape.Hidden[layer]), batch = space.Batch;
        float* d = space.Gradient[layer], normalised = space.Normalised[layer];
        Vector512<float> perSample = Vector512.Create(1f / batch);
        for (int j = 0; j < columns; j += 16)
        {
            Vector512<float> shift = Vector512<float>.Zero, scale = Vector512<float>.Zero;
            for (int m = 0; m < batch; m++)
            {
                Vector512<float> dy = Vector512.Load(d + (nint)m * columns + j);
                shift += dy;
                scale = Vector512.MultiplyAddEstimate(dy, Vector512.Load(normalised + (nint)m * columns + j), scale);
            }
            shift.Store(gradient + shape.Biases(layer) + j);
            scale.Store(gradient + shape.Scales(layer) + j);

            Vector512<float> factor = Vector512.Load(parameters + shape.Scales(layer) + j)
                * Vector512.Load(space.Moments[layer] + 2 * columns + j);
            Vector512<float> meanShift = shift * perSample, meanScale = scale * perSample;
            for (int m = 0; m < batch; m++)
            {
                float* at = d + (nint)m * columns + j;
                Vector512<float> spread = Vector512.MultiplyAddEstimate(meanScale,
                    Vector512.Load(normalised + (nint)m * columns + j), meanShift);
                (factor * (Vector512.Load(at) - spread)).Store(at);
            }
        }
    }

    /// <summary>Running mean and variance ← running + rate (batch − running).</summary>
    public static void UpdateStatistics(MlpWorkspace space, float* statistics)
    {
        Vector512<float> rate = Vector512.Create(MlpShape.NormRate);
        for (int l = 0; l < space.Shape.Layers; l++)
        {
            float* running = statistics + space.Shape.Means(l);
            for (int j = 0; j < 2 * MlpShape.Pad(space.Shape.Hidden[l]); j += 16)
            {
                Vector512<float> old = Vector512.Load(running + j);
                Vector512.MultiplyAddEstimate(rate, Vector512.Load(space.Moments[l] + j) - old, old).Store(running + j);
            }
        }
    }
}
