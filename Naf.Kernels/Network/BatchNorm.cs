namespace Naf.Kernels;

/// <summary>
/// Batch normalisation of a hidden layer before its ReLU (Ioffe and Szegedy 2015): ẑ = (z − mean) / √(variance + ε), y = scale ẑ + shift.
/// The shift takes the place of the layer's bias.
/// </summary>
internal static unsafe class BatchNorm<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>z ← scale ẑ + shift in place for <paramref name="rows"/> rows from the first.</summary>
    /// <param name="statistics">Running statistics to normalise by; null: those of the batch, which are kept in the workspace.</param>
    public static void Forward(MlpWorkspace space, int layer, float* parameters, float* statistics, int rows)
    {
        MlpShape shape = space.Shape;
        int columns = MlpShape.Pad(shape.Hidden[layer]);
        float* z = space.Activation[layer], normalised = space.Normalised[layer], moments = space.Moments[layer];
        float* scales = parameters + shape.Scales(layer), shifts = parameters + shape.Biases(layer);
        TVector one = TLanes.All(1), epsilon = TLanes.All(BatchNormConstants.Epsilon), perSample = TLanes.All(1f / rows);
        for (int j = 0; j < columns; j += TLanes.Width)
        {
            TVector mean, variance;
            if (statistics is null)
            {
                // mean and variance over the batch
                mean = TLanes.All(0);
                for (int m = 0; m < rows; m++)
                    mean = TLanes.Add(mean, TLanes.Load(z + (nint)m * columns + j));
                mean = TLanes.Multiply(mean, perSample);
                variance = TLanes.All(0);
                for (int m = 0; m < rows; m++)
                {
                    TVector centred = TLanes.Subtract(TLanes.Load(z + (nint)m * columns + j), mean);
                    variance = TLanes.MultiplyAdd(centred, centred, variance);
                }
                variance = TLanes.Multiply(variance, perSample);
            }
            else
            {
                mean = TLanes.Load(statistics + shape.Means(layer) + j);
                variance = TLanes.Load(statistics + shape.Means(layer) + columns + j);
            }
            TVector inverse = TLanes.Divide(one, TLanes.Root(TLanes.Add(variance, epsilon)));
            TLanes.Store(moments + j, mean);
            TLanes.Store(moments + columns + j, variance);
            TLanes.Store(moments + 2 * columns + j, inverse);

            TVector scale = TLanes.Load(scales + j), shift = TLanes.Load(shifts + j);
            for (nint at = j; at < (nint)rows * columns; at += columns)
            {
                TVector n = TLanes.Multiply(TLanes.Subtract(TLanes.Load(z + at), mean), inverse);
                TLanes.Store(normalised + at, n);
                TLanes.Store(z + at, TLanes.MultiplyAdd(n, scale, shift));
            }
        }
    }

    /// <summary>∂/∂z ← scale/√(variance + ε) (∂/∂y − mean(∂/∂y) − ẑ mean(ẑ ∂/∂y)) in place, and the gradients of scale and shift.</summary>
    public static void Backward(MlpWorkspace space, int layer, float* parameters, float* gradient)
    {
        MlpShape shape = space.Shape;
        int columns = MlpShape.Pad(shape.Hidden[layer]), batch = space.Batch;
        float* d = space.Gradient[layer], normalised = space.Normalised[layer];
        TVector perSample = TLanes.All(1f / batch);
        for (int j = 0; j < columns; j += TLanes.Width)
        {
            TVector shift = TLanes.All(0), scale = TLanes.All(0);
            for (int m = 0; m < batch; m++)
            {
                TVector dy = TLanes.Load(d + (nint)m * columns + j);
                shift = TLanes.Add(shift, dy);
                scale = TLanes.MultiplyAdd(dy, TLanes.Load(normalised + (nint)m * columns + j), scale);
            }
            TLanes.Store(gradient + shape.Biases(layer) + j, shift);
            TLanes.Store(gradient + shape.Scales(layer) + j, scale);

            TVector factor = TLanes.Multiply(TLanes.Load(parameters + shape.Scales(layer) + j), TLanes.Load(space.Moments[layer] + 2 * columns + j));
            TVector meanShift = TLanes.Multiply(shift, perSample), meanScale = TLanes.Multiply(scale, perSample);
            for (int m = 0; m < batch; m++)
            {
                float* at = d + (nint)m * columns + j;
                TVector spread = TLanes.MultiplyAdd(meanScale, TLanes.Load(normalised + (nint)m * columns + j), meanShift);
                TLanes.Store(at, TLanes.Multiply(factor, TLanes.Subtract(TLanes.Load(at), spread)));
            }
        }
    }

    /// <summary>Running mean and variance ← running + rate (batch − running).</summary>
    public static void UpdateStatistics(MlpWorkspace space, float* statistics)
    {
        TVector rate = TLanes.All(BatchNormConstants.Rate);
        for (int l = 0; l < space.Shape.Layers; l++)
        {
            float* running = statistics + space.Shape.Means(l);
            for (int j = 0; j < 2 * MlpShape.Pad(space.Shape.Hidden[l]); j += TLanes.Width)
            {
                TVector old = TLanes.Load(running + j);
                TLanes.Store(running + j, TLanes.MultiplyAdd(rate, TLanes.Subtract(TLanes.Load(space.Moments[l] + j), old), old));
            }
        }
    }
}

/// <summary>Constants of batch normalisation.</summary>
public static class BatchNormConstants
{
    /// <summary>ε under the root.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>Share of the newest batch in the running statistics.</summary>
    public const float Rate = 0.01f;
}
