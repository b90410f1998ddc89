using System.Runtime.Intrinsics;

namespace Naf.Kernels.Network.Cpu;

/// <summary>
/// Batch renormalisation of a hidden layer before its ReLU (Ioffe 2017). The shift replaces the layer's bias. While r
/// and d are within their bounds, y is that of the running statistics, with which actions and targets are computed.
/// <code>
/// ẑ = (z − mean) / σ,  σ = √(variance + ε),  y = scale (r ẑ + d) + shift
/// r = σ / σ_running,  d = (mean − mean_running) / σ_running,  bounded; no gradient flows through r and d
/// with the running statistics instead of the minibatch's:  y = scale ẑ + shift
/// </code>
/// </summary>
internal static unsafe class BatchNorm
{
    /// <summary>z ← y in place, for the first <paramref name="rows"/> rows.</summary>
    /// <param name="statistics">Running statistics.</param>
    /// <param name="trains">Whether the minibatch's statistics are used; the workspace keeps them.</param>
    public static void Forward(
        MlpWorkspace space, int layer, float* parameters, float* statistics, int rows, bool trains)
    {
        MlpShape shape = space.Shape;
        int columns = shape.Columns(layer);
        float* z = space.Activation[layer], normalised = space.Normalised[layer], moments = space.Moments[layer];
        float* scales = parameters + shape.Scales(layer), shifts = parameters + shape.Shifts(layer);
        Vector512<float> one = Vector512<float>.One, epsilon = Vector512.Create(MlpShape.NormEpsilon);
        Vector512<float> perSample = Vector512.Create(1f / rows);
        for (int j = 0; j < columns; j += 16)
        {
            Vector512<float> mean = Vector512.Load(statistics + shape.Means(layer) + j);
            Vector512<float> variance = Vector512.Load(statistics + shape.Means(layer) + columns + j);
            Vector512<float> inverse = one / Vector512.Sqrt(variance + epsilon);
            Vector512<float> factor = one, offset = Vector512<float>.Zero;
            if (trains)
            {
                Vector512<float> running = mean, inverseRunning = inverse;
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
                Vector512<float> deviation = Vector512.Sqrt(variance + epsilon);
                inverse = one / deviation;
                factor = Within(deviation * inverseRunning, 1 / MlpShape.RenormFactor, MlpShape.RenormFactor);
                offset = Within((mean - running) * inverseRunning, -MlpShape.RenormOffset, MlpShape.RenormOffset);
                mean.Store(moments + j);
                variance.Store(moments + columns + j);
                inverse.Store(moments + 2 * columns + j);
                factor.Store(moments + 3 * columns + j);
                offset.Store(moments + 4 * columns + j);
            }

            Vector512<float> scale = Vector512.Load(scales + j), shift = Vector512.Load(shifts + j);
            for (nint at = j; at < (nint)rows * columns; at += columns)
            {
                Vector512<float> n = (Vector512.Load(z + at) - mean) * inverse;
                if (trains) n.Store(normalised + at);
                Vector512<float> renormalised = Vector512.MultiplyAddEstimate(n, factor, offset);
                Vector512.MultiplyAddEstimate(renormalised, scale, shift).Store(z + at);
            }
        }
    }

    /// <summary>
    /// ∂/∂z ← scale r / σ (∂/∂y − mean(∂/∂y) − ẑ mean(ẑ ∂/∂y)) in place, and the gradients of scale and shift.
    /// </summary>
    public static void Backward(MlpWorkspace space, int layer, float* parameters, float* gradient)
    {
        MlpShape shape = space.Shape;
        int columns = shape.Columns(layer), batch = space.Batch;
        float* d = space.Gradient[layer], normalised = space.Normalised[layer], moments = space.Moments[layer];
        Vector512<float> perSample = Vector512.Create(1f / batch);
        for (int j = 0; j < columns; j += 16)
        {
            Vector512<float> shift = Vector512<float>.Zero, spread = Vector512<float>.Zero;
            for (int m = 0; m < batch; m++)
            {
                Vector512<float> dy = Vector512.Load(d + (nint)m * columns + j);
                shift += dy;
                spread = Vector512.MultiplyAddEstimate(dy, Vector512.Load(normalised + (nint)m * columns + j), spread);
            }
            Vector512<float> renorm = Vector512.Load(moments + 3 * columns + j);
            shift.Store(gradient + shape.Shifts(layer) + j);
            Vector512.MultiplyAddEstimate(renorm, spread, Vector512.Load(moments + 4 * columns + j) * shift)
                .Store(gradient + shape.Scales(layer) + j);

            Vector512<float> factor = Vector512.Load(parameters + shape.Scales(layer) + j) * renorm
                * Vector512.Load(moments + 2 * columns + j);
            Vector512<float> meanShift = shift * perSample, meanSpread = spread * perSample;
            for (int m = 0; m < batch; m++)
            {
                float* at = d + (nint)m * columns + j;
                Vector512<float> common = Vector512.MultiplyAddEstimate(meanSpread,
                    Vector512.Load(normalised + (nint)m * columns + j), meanShift);
                (factor * (Vector512.Load(at) - common)).Store(at);
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
            for (int j = 0; j < 2 * space.Shape.Columns(l); j += 16)
            {
                Vector512<float> old = Vector512.Load(running + j);
                Vector512.MultiplyAddEstimate(rate, Vector512.Load(space.Moments[l] + j) - old, old).Store(running + j);
            }
        }
    }

    private static Vector512<float> Within(Vector512<float> x, float low, float high) =>
        Vector512.Min(Vector512.Max(x, Vector512.Create(low)), Vector512.Create(high));
}
