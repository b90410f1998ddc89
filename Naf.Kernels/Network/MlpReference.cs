using System.Numerics;

namespace Naf.Kernels;

/// <summary>
/// The perceptron of <see cref="MlpShape"/> in plain loops, generic over float and double: the oracle of the fast versions, written to be read.
/// Shares nothing with them but the layout of the parameters.
/// </summary>
public sealed class MlpReference<T>(MlpShape shape) where T : struct, IFloatingPointIeee754<T>
{
    private readonly T[][][] _sums = new T[shape.Layers][][];
    private readonly T[][][] _normalised = new T[shape.Layers][][];
    private readonly T[][][] _hidden = new T[shape.Layers][][];

    /// <summary>Hidden activations of the last batch, [layer][sample][unit].</summary>
    public IReadOnlyList<T[][]> Hidden => _hidden;

    /// <summary>Mean and variance of each hidden layer's sums over the last batch, [layer][unit]; only with batch normalisation.</summary>
    public (T[] Mean, T[] Variance)[] Moments { get; } = new (T[], T[])[shape.Layers];

    /// <summary>output[m] for each sample.</summary>
    /// <param name="parameters">[Parameters].</param>
    /// <param name="statistics">Running statistics to normalise by; null: those of this batch.</param>
    /// <param name="x">[batch][input].</param>
    public T[][] Forward(T[] parameters, T[]? statistics, T[][] x)
    {
        T[][] input = x;
        for (int l = 0; l < shape.Layers; l++)
        {
            int layer = l, units = shape.Hidden[l];
            // z = h W + b
            _sums[l] = [.. input.Select(h => Affine(parameters, layer, h, units, withBias: !shape.BatchNorm))];
            _normalised[l] = shape.BatchNorm ? Normalise(l, statistics) : _sums[l];
            // h = max(y, 0), y = scale ẑ + shift
            _hidden[l] = [.. _normalised[l].Select(row => row.Select((n, j) =>
                T.Max(T.Zero, shape.BatchNorm ? n * parameters[shape.Scales(layer) + j] + parameters[shape.Biases(layer) + j] : n)).ToArray())];
            input = _hidden[l];
        }
        return [.. input.Select(h => Affine(parameters, shape.Layers, h, shape.Output, withBias: true))];
    }

    /// <summary>Adds ∂loss/∂parameters to <paramref name="gradient"/>, from ∂loss/∂output of the last <see cref="Forward"/>.</summary>
    public void Backward(T[] parameters, T[][] x, T[][] outputGradient, T[] gradient)
    {
        int batch = x.Length;
        T[][] above = outputGradient;
        for (int l = shape.Layers; l >= 0; l--)
        {
            int units = l < shape.Layers ? shape.Hidden[l] : shape.Output;
            T[][] dz = above;
            if (l < shape.Layers)
            {
                // through the ReLU, then through the normalisation
                for (int m = 0; m < batch; m++)
                    for (int j = 0; j < units; j++)
                        if (!(_hidden[l][m][j] > T.Zero)) dz[m][j] = T.Zero;
                if (shape.BatchNorm) dz = BackwardNormalise(parameters, l, dz, gradient);
            }
            T[][] input = l == 0 ? x : _hidden[l - 1];
            var below = new T[batch][];
            for (int m = 0; m < batch; m++)
            {
                below[m] = new T[shape.Inputs(l)];
                for (int j = 0; j < units; j++)
                {
                    if (l == shape.Layers || !shape.BatchNorm) gradient[shape.Biases(l) + j] += dz[m][j];
                    for (int i = 0; i < shape.Inputs(l); i++)
                    {
                        gradient[shape.Weight(l, i, j)] += input[m][i] * dz[m][j];
                        below[m][i] += dz[m][j] * parameters[shape.Weight(l, i, j)];
                    }
                }
            }
            above = below;
        }
    }

    private T[] Affine(T[] parameters, int layer, T[] h, int units, bool withBias)
    {
        var z = new T[units];
        for (int j = 0; j < units; j++)
        {
            z[j] = withBias ? parameters[shape.Biases(layer) + j] : T.Zero;
            for (int i = 0; i < h.Length; i++) z[j] += h[i] * parameters[shape.Weight(layer, i, j)];
        }
        return z;
    }

    // ẑ = (z − mean) / √(variance + ε)
    private T[][] Normalise(int layer, T[]? statistics)
    {
        int units = shape.Hidden[layer], batch = _sums[layer].Length;
        var (mean, variance) = (new T[units], new T[units]);
        for (int j = 0; j < units; j++)
        {
            if (statistics is not null)
            {
                mean[j] = statistics[shape.Means(layer) + j];
                variance[j] = statistics[shape.Means(layer) + MlpShape.Pad(units) + j];
                continue;
            }
            foreach (T[] z in _sums[layer]) mean[j] += z[j] / T.CreateChecked(batch);
            foreach (T[] z in _sums[layer]) variance[j] += (z[j] - mean[j]) * (z[j] - mean[j]) / T.CreateChecked(batch);
        }
        Moments[layer] = (mean, variance);
        T epsilon = T.CreateChecked(BatchNormConstants.Epsilon);
        return [.. _sums[layer].Select(z => z.Select((v, j) => (v - mean[j]) / T.Sqrt(variance[j] + epsilon)).ToArray())];
    }

    // by the chain rule through variance and mean, step by step
    private T[][] BackwardNormalise(T[] parameters, int layer, T[][] dy, T[] gradient)
    {
        int units = shape.Hidden[layer], batch = dy.Length;
        T count = T.CreateChecked(batch);
        T[][] dz = [.. dy.Select(_ => new T[units])];
        for (int j = 0; j < units; j++)
        {
            T mean = Moments[layer].Mean[j], root = T.Sqrt(Moments[layer].Variance[j] + T.CreateChecked(BatchNormConstants.Epsilon));
            (T dVariance, T dMean) = (T.Zero, T.Zero);
            for (int m = 0; m < batch; m++)
            {
                gradient[shape.Scales(layer) + j] += dy[m][j] * _normalised[layer][m][j];
                gradient[shape.Biases(layer) + j] += dy[m][j];
                T dNormalised = dy[m][j] * parameters[shape.Scales(layer) + j];
                dVariance -= dNormalised * (_sums[layer][m][j] - mean) / (root * root * root) / T.CreateChecked(2);
                dMean -= dNormalised / root;
            }
            for (int m = 0; m < batch; m++)
                dz[m][j] = dy[m][j] * parameters[shape.Scales(layer) + j] / root
                    + dVariance * T.CreateChecked(2) * (_sums[layer][m][j] - mean) / count + dMean / count;
        }
        return dz;
    }
}
