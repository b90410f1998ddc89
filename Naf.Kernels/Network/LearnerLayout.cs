using System.Runtime.CompilerServices;
using Naf.Gpu.Devices;

namespace Naf.Kernels.Network;

/// <summary>
/// Sizes that learners share and the places of their arrays in a row, as kernels take them
/// (<see cref="LearnerLayout"/>).
/// </summary>
internal struct LearnerSizes
{
    /// <summary>Numbers of a learner's row.</summary>
    public int Row;

    /// <summary>Networks, and layers of each.</summary>
    public int Networks, Layers;

    /// <summary>Parts that θ is cut into.</summary>
    public int Tiles;

    /// <summary>Samples of a minibatch, and with the padding to whole tiles of rows.</summary>
    public int Batch, Samples;

    /// <summary>
    /// Samples that a group takes through a network together, and the stride of their activations in shared memory.
    /// </summary>
    public int Rows, Stride;

    /// <summary>Entries of the input, and padded.</summary>
    public int Input, PaddedInput;

    /// <summary>[parameters], θ, Adam's m and v, and the gradient.</summary>
    public int Parameters, First, Second, Gradient;

    /// <summary>[parameters and statistics of the first network], θ′.</summary>
    public int Target, TargetStatistics;

    /// <summary>Running statistics of all networks, and how many there are of each.</summary>
    public int Statistics, NetworkStatistics;

    /// <summary>[input], factors of the input.</summary>
    public int InputScale;

    public int Settings;

    /// <summary>Not 0 where the learner has left the finite numbers.</summary>
    public int Stopped;

    /// <summary>[tiles], sums of the squares of the gradient.</summary>
    public int Squares;

    /// <summary>[padded input, samples], the minibatch's inputs.</summary>
    public int X;

    /// <summary>[samples, action] or [samples, outputs], what else an update needs of the minibatch.</summary>
    public int U;

    /// <summary>[samples], targets y, TD errors and Q.</summary>
    public int Y, Error, Q;

    /// <summary>Place of a network's first output among V, m and l, which a trunk has all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int FirstOutput(int network, int action) =>
        (Networks > 1 && network > 0 ? 1 : 0) + (Networks > 1 && network > 1 ? action : 0);
}

/// <summary>
/// The places of a learner's arrays in its row of a device's memory: what it is, then the work memory of an update. Of
/// every layer above the first there is a transposed copy, a row per input, which the forward pass reads.
/// </summary>
internal sealed class LearnerLayout
{
    /// <summary>Numbers of <see cref="LearnerSizes.Settings"/>.</summary>
    public const int SettingsLength = 16;

    private readonly int _samples;
    private long _length;

    /// <param name="hasTarget">
    /// The first network has an averaged copy, which <see cref="Layers"/> has behind the others.
    /// </param>
    /// <param name="extra">Entries of a sample beside the input: of the action, or the outputs.</param>
    /// <param name="rows">Samples that a group takes through a network together.</param>
    /// <param name="tileRows">Rows and columns of θ's parts; columns a multiple of 16.</param>
    /// <exception cref="DeviceException">The row is too long.</exception>
    public LearnerLayout(ImmutableArray<MlpShape> networks, bool hasTarget, int batch, int extra, int rows,
        int tileRows, int tileColumns)
    {
        MlpShape first = networks[0];
        int layers = first.Layers + 1, samples = Up(Up(batch, rows), MatrixProduct.Turn);
        _samples = samples;
        Sizes = new LearnerSizes
        {
            Networks = networks.Length, Layers = layers, Batch = batch, Samples = samples, Rows = rows,
            Stride = MlpForward.Stride(networks),
            Input = first.Input, PaddedInput = MlpShape.Pad(first.Input), NetworkStatistics = first.Statistics,
            // θ, Adam's moments, θ′ and the running statistics, as the host has them
            Parameters = Take(networks.Sum(n => n.Parameters)), First = Take(networks.Sum(n => n.Parameters)),
            Second = Take(networks.Sum(n => n.Parameters)), Target = Take(hasTarget ? first.Parameters : 0),
            Statistics = Take(networks.Sum(n => n.Statistics)),
            TargetStatistics = Take(hasTarget ? first.Statistics : 0),
            // what differs between learners; whether it has stopped
            InputScale = Take(first.Input), Settings = Take(SettingsLength), Stopped = Take(1),
        };
        int transposed = Take(networks.Sum(TransposedLength)),
            targetTransposed = Take(hasTarget ? TransposedLength(first) : 0);
        Work = (int)_length;
        LearnerSizes s = Sizes with
        {
            Gradient = Take(networks.Sum(n => n.Parameters)), X = Take(Sizes.PaddedInput * samples),
            U = Take((long)samples * extra),
            Y = Take(samples), Error = Take(samples), Q = Take(samples),
        };

        // the layers of every network and of the target, and the parts of θ
        var (shapes, tiles) = (ImmutableArray.CreateBuilder<LayerShape>(), ImmutableArray.CreateBuilder<TileShape>());
        int at = 0, statistics = s.Statistics;
        foreach (MlpShape network in networks)
        {
            int begin = shapes.Count;
            shapes.AddRange(LayersOf(network, s.Parameters + at, transposed, statistics, s.Gradient + at));
            for (int l = 0; l < layers; l++)
                tiles.AddRange(TilesOf(network, l, shapes[begin + l], l > 0 ? shapes[begin + l - 1].Output : -1));
            at += network.Parameters;
            transposed += TransposedLength(network);
            statistics += network.Statistics;
        }
        if (hasTarget) shapes.AddRange(LayersOf(first, s.Target, targetTransposed, s.TargetStatistics, gradient: -1));
        (Layers, Tiles) = (shapes.ToImmutable(), tiles.ToImmutable());
        s.Squares = Take(Tiles.Length);
        s.Tiles = Tiles.Length;
        s.Row = (int)Math.Min(_length, int.MaxValue);
        Sizes = s;
        if (_length > int.MaxValue)
            throw new DeviceException(
                $"networks of {networks.Sum(n => n.Parameters)} parameters with minibatches of {batch} are too large "
                + "for a GPU's learner; "
                + "use device=cpu");

        IEnumerable<TileShape> TilesOf(MlpShape network, int l, LayerShape layer, int below)
        {
            int weights = at + network.Weights(l), biases = at + network.Biases(l);
            // θ[a, b]: the first layer's rows are inputs, those above are units
            (int aCount, int bCount) = l == 0
                ? (network.Input, layer.Columns) : (layer.Units, MlpShape.Pad(network.Inputs(l)));
            int target = hasTarget && at == 0 ? s.Target : -1;
            for (int a = 0; a < aCount; a += tileRows)
                for (int b = 0; b < bCount; b += tileColumns)
                    yield return new TileShape
                    {
                        Kind = TileKind.Weights, Rows = Math.Min(tileRows, aCount - a),
                        Columns = Math.Min(tileColumns, bCount - b), Stride = bCount,
                        At = weights + a * bCount + b, Target = target < 0 ? -1 : target + weights + a * bCount + b,
                        Transposed = l == 0 ? -1 : layer.Forward + b * layer.Columns + a,
                        TransposedStride = layer.Columns,
                        TargetTransposed = l == 0 || target < 0
                            ? -1 : targetTransposed + layer.Forward - transposed + b * layer.Columns + a,
                        Left = l == 0 ? s.X + a * samples : layer.Delta + a * samples, LeftStride = samples,
                        Right = l == 0 ? layer.Delta + b : below + b, RightStride = bCount,
                    };
            bool normalised = network.BatchNorm && l < network.Layers;
            yield return new TileShape
            {
                Kind = normalised ? TileKind.Given : TileKind.Biases, Rows = 1,
                Columns = (normalised ? 2 : 1) * layer.Columns,
                Stride = layer.Columns, At = biases, Target = target < 0 ? -1 : target + biases, Transposed = -1,
                TargetTransposed = -1,
                Left = layer.Delta, LeftStride = layer.DeltaUnit, RightStride = layer.DeltaSample,
            };
        }
    }

    public LearnerSizes Sizes { get; }

    /// <summary>[networks, layers], the layers of each network, and of the target behind them.</summary>
    public ImmutableArray<LayerShape> Layers { get; }

    public ImmutableArray<TileShape> Tiles { get; }

    /// <summary>First number of the work memory, to the end of the row: an update writes what it reads of it.</summary>
    public int Work { get; }

    /// <summary>Where V, m and l stand: outputs of three networks, or of one trunk.</summary>
    public HeadPlaces Heads(int action)
    {
        (int step, int meanAt, int triangleAt) = Sizes.Networks == 1 ? (0, 1, 1 + action) : (Sizes.Layers, 0, 0);
        int last = Sizes.Layers - 1;
        LayerShape value = Layers[last], mean = Layers[last + step], triangle = Layers[last + 2 * step];
        return new HeadPlaces
        {
            Action = action, Value = value.Output, ValueStride = value.Columns, Mean = mean.Output + meanAt,
            MeanStride = mean.Columns,
            Triangle = triangle.Output + triangleAt, TriangleStride = triangle.Columns,
        };
    }

    // copies have whole sixteens of rows, those of padding are zeros
    private static int TransposedLength(MlpShape network) =>
        Enumerable.Range(1, network.Layers).Sum(l => MlpShape.Pad(network.Inputs(l)) * Columns(network, l));

    private static int Columns(MlpShape network, int layer) =>
        MlpShape.Pad(layer < network.Layers ? network.Hidden[layer] : network.Output);

    private static int Up(int count, int step) => (count + step - 1) / step * step;

    // the layers of a network whose parameters, transposed weights, statistics and gradient begin there; without a
    // gradient nothing is kept
    private IEnumerable<LayerShape> LayersOf(
        MlpShape network, int parameters, int transposed, int statistics, int gradient)
    {
        bool trains = gradient >= 0;
        for (int l = 0; l <= network.Layers; l++)
        {
            int columns = Columns(network, l), units = l < network.Layers ? network.Hidden[l] : network.Output;
            bool normalised = network.BatchNorm && l < network.Layers;
            yield return new LayerShape
            {
                Inputs = network.Inputs(l), Units = units, Columns = columns, Hidden = l < network.Layers ? 1 : 0,
                Forward = l == 0 ? parameters + network.Weights(0) : transposed,
                Weights = parameters + network.Weights(l),
                Biases = parameters + network.Biases(l), Scales = normalised ? parameters + network.Scales(l) : -1,
                Means = normalised ? statistics + network.Means(l) : -1,
                Output = trains ? Take((long)_samples * columns) : -1,
                Delta = trains ? Take((long)_samples * columns) : -1,
                DeltaSample = l == 0 ? columns : 1, DeltaUnit = l == 0 ? 1 : _samples,
                Normalised = trains && normalised ? Take((long)_samples * columns) : -1,
                Moments = trains && normalised ? Take(3L * columns) : -1,
                ShiftGradient = trains && normalised ? gradient + network.Biases(l) : -1,
            };
            if (l > 0) transposed += MlpShape.Pad(network.Inputs(l)) * columns;
        }
    }

    // an array from a cache line on; the sum is checked at the end
    private int Take(long length)
    {
        long at = _length;
        _length += (length + 15) & ~15L;
        return (int)Math.Min(at, int.MaxValue);
    }
}

/// <summary>Places of a learner's own settings, from <see cref="LearnerSizes.Settings"/> on.</summary>
internal static class SettingPlaces
{
    public const int Beta1 = 0, Rest1 = 1, Beta2 = 2, Rest2 = 3, Gamma = 4, Tau = 5, RewardScale = 6,
        ClipNorm = 7, Bound = 8;
}

/// <summary>
/// Where the networks' outputs V, m and l of sample 0 stand in a learner's row, and the strides to the next sample.
/// </summary>
internal struct HeadPlaces
{
    public int Action;

    /// <summary>V.</summary>
    public int Value, ValueStride;

    /// <summary>[action], m.</summary>
    public int Mean, MeanStride;

    /// <summary>[packed], l.</summary>
    public int Triangle, TriangleStride;
}
