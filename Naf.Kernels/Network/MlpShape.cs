using Naf.Kernels.Random;

namespace Naf.Kernels.Network;

/// <summary>
/// A perceptron input → hidden ReLU layers → output and the index of each of its parameters in one flat array.
/// Rows are padded to whole cache lines (16 floats) with zeros, which stay zero in training.
/// <code>
/// first layer:          W [input, Pad(units)], a row per input
/// hidden layers above:  W [units, Pad(inputs)], a row per unit
/// head:                 W [output, Pad(units of the last hidden layer)], a row per output
/// </code>
/// Each has a bias [Pad(units)]. A normalised hidden layer also has a shift and a scale [Pad(units)]; with batch
/// normalisation, which removes a bias, the shift takes its place. With a row per unit, gradients flow back through a
/// layer, and to its weights, without a transposition. A late input u joins the first hidden layer: its rows are
/// [h₀ | u], Pad(units + late) long, the inputs of the second. The columns of u hold 0 in the first layer's parameters.
/// </summary>
internal sealed class MlpShape
{
    /// <summary>Normalisation's ε under the root, and weight of a batch in the running statistics.</summary>
    public const float NormEpsilon = 1e-5f, NormRate = 0.01f;

    /// <summary>
    /// Bounds of batch renormalisation: the factor r is within [1/3, 3], the offset d within [−5, 5] (Ioffe 2017).
    /// </summary>
    public const float RenormFactor = 3, RenormOffset = 5;

    private readonly int[] _weights, _biases, _shifts, _scales, _statistics;

    /// <param name="input">Entries of the input, at least 1.</param>
    /// <param name="hidden">Units of each hidden layer, at least one layer.</param>
    /// <param name="output">Entries of the output, at least 1.</param>
    /// <param name="normalisation">Normalisation of each hidden layer before its ReLU.</param>
    /// <param name="late">Entries of the late input; 0 for none, else there are at least two hidden layers.</param>
    public MlpShape(
        int input, ImmutableArray<int> hidden, int output, Normalisation normalisation = Normalisation.None,
        int late = 0)
    {
        if (input < 1 || output < 1 || hidden.IsDefaultOrEmpty || hidden.Any(h => h < 1))
        {
            string sizes = $"{input}-[{string.Join(',', hidden.IsDefault ? [] : hidden)}]-{output}";
            throw new ArgumentException(
                $"a network {sizes} is not possible: every size must be at least 1, with at least one hidden layer");
        }
        if (late > 0 && hidden.Length < 2)
            throw new ArgumentException("a late input enters the second hidden layer; give at least two");
        (Input, Hidden, Output, Normalisation, Late) = (input, hidden, output, normalisation, late);
        int layers = hidden.Length, at = 0, statistic = 0;
        (_weights, _biases) = (new int[layers + 1], new int[layers + 1]);
        (_shifts, _scales, _statistics) = (new int[layers], new int[layers], new int[layers]);
        for (int l = 0; l < layers; l++)
        {
            _weights[l] = Take(l == 0 ? input * Columns(0) : hidden[l] * Columns(l - 1));
            _biases[l] = Take(Columns(l));
            _shifts[l] = normalisation == Normalisation.Layer ? Take(Columns(l)) : _biases[l];
            _scales[l] = Normalised ? Take(Columns(l)) : -1;
            _statistics[l] = statistic;
            statistic += BatchNorm ? 2 * Columns(l) : 0;
        }
        _weights[layers] = Take(output * Columns(layers - 1));
        _biases[layers] = Take(Pad(output));
        (Parameters, Statistics) = (at, statistic);

        int Take(int count) => (at += count) - count;
    }

    public int Input { get; }

    public ImmutableArray<int> Hidden { get; }

    public int Output { get; }

    public Normalisation Normalisation { get; }

    public bool Normalised => Normalisation != Normalisation.None;

    public bool BatchNorm => Normalisation == Normalisation.Batch;

    /// <summary>Entries of the late input.</summary>
    public int Late { get; }

    public int Layers => Hidden.Length;

    /// <summary>Floats in the flat parameter array, padding included.</summary>
    public int Parameters { get; }

    /// <summary>Floats of running statistics: mean and variance [2, Pad(units)] per batch-normalised layer.</summary>
    public int Statistics { get; }

    /// <summary>Rounds a row up to whole cache lines: a multiple of 16 floats.</summary>
    public static int Pad(int size) => (size + 15) & ~15;

    /// <summary>Inputs of layer <paramref name="layer"/> (the head is layer <see cref="Layers"/>).</summary>
    public int Inputs(int layer) => layer == 0 ? Input : Hidden[layer - 1] + (layer == 1 ? Late : 0);

    /// <summary>Length of a row of a layer's outputs: its units, in the first layer also the late input.</summary>
    public int Columns(int layer) => Pad(layer < Layers ? Inputs(layer + 1) : Output);

    /// <summary>Index of a layer's first weight.</summary>
    public int Weights(int layer) => _weights[layer];

    /// <summary>Index of a layer's first bias (the shift of its batch normalisation).</summary>
    public int Biases(int layer) => _biases[layer];

    /// <summary>Index of the first shift of a hidden layer's normalisation.</summary>
    public int Shifts(int layer) => _shifts[layer];

    /// <summary>Index of the first scale of a hidden layer's normalisation, a row after the shift.</summary>
    public int Scales(int layer) => _scales[layer];

    /// <summary>Index of a hidden layer's first running mean; its variances follow a row later.</summary>
    public int Means(int layer) => _statistics[layer];

    /// <summary>Index of a layer's weight from input <paramref name="from"/> to unit <paramref name="to"/>.</summary>
    public int Weight(int layer, int from, int to) =>
        layer == 0 ? _weights[0] + from * Columns(0) + to : _weights[layer] + to * Columns(layer - 1) + from;

    /// <summary>The arrays of the parameters, or of the running statistics, with their indices and shapes.</summary>
    public IEnumerable<(string Name, int At, long[] Shape)> Arrays(bool statistics = false)
    {
        for (int l = 0; l <= Layers; l++)
        {
            int units = l < Layers ? Hidden[l] : Output, columns = Columns(l);
            bool hidden = l < Layers;
            if (!statistics)
            {
                yield return ($"{l}.weights", _weights[l], l == 0 ? [Input, columns] : [units, Pad(Inputs(l))]);
                yield return ($"{l}.biases", _biases[l], [columns]);
                if (hidden && _shifts[l] != _biases[l]) yield return ($"{l}.shifts", _shifts[l], [columns]);
                if (hidden && Normalised) yield return ($"{l}.scales", _scales[l], [columns]);
            }
            else if (hidden && BatchNorm)
            {
                yield return ($"{l}.means", _statistics[l], [columns]);
                yield return ($"{l}.variances", _statistics[l] + columns, [columns]);
            }
        }
    }

    /// <summary>
    /// Draws initial parameters: weights and biases U(±1/√fan-in), the head's times <paramref name="headScale"/>;
    /// shifts beside a bias 0, scales 1, means 0, variances 1. The numbers depend on a weight's position in the
    /// network, not on the padding.
    /// </summary>
    /// <param name="network">Index of this network in its learner: each draws from its own lane.</param>
    public void Initialise(
        ulong seed, uint network, float headScale, Span<float> parameters, Span<float> statistics,
        RandomStream stream = RandomStream.Weights)
    {
        ulong draw = 0;
        parameters.Clear();
        statistics.Clear();
        for (int l = 0; l <= Layers; l++)
        {
            int units = l < Layers ? Hidden[l] : Output;
            double bound = (l < Layers ? 1 : headScale) / Math.Sqrt(Inputs(l));
            for (int to = 0; to < units; to++)
            {
                for (int from = 0; from < Inputs(l); from++)
                    parameters[Weight(l, from, to)] = Draw();
                parameters[_biases[l] + to] = Draw();
            }
            if (l < Layers && Normalised) parameters.Slice(_scales[l], units).Fill(1);
            if (l < Layers && BatchNorm) statistics.Slice(_statistics[l] + Columns(l), units).Fill(1);

            float Draw() => (float)((2 * Philox.Uniform(seed, stream, draw++, network) - 1) * bound);
        }
    }
}
