using Naf.Gpu.Devices;

namespace Naf.Kernels.Network;

/// <summary>Sizes shared by all learners and offsets of the arrays in a row (<see cref="LearnerLayout"/>).</summary>
internal struct LearnerSizes
{
    /// <summary>Length of a learner's row.</summary>
    public int Row;

    /// <summary>Networks, how many of the first have a target, and layers per network.</summary>
    public int Networks, Targets, Layers;

    /// <summary>Number of tiles of θ.</summary>
    public int Tiles;

    /// <summary>Samples of a minibatch, without and with padding to whole tiles of rows.</summary>
    public int Batch, Samples;

    /// <summary>Samples per thread group, and the stride of their activations in shared memory.</summary>
    public int Rows, Stride;

    /// <summary>Entries of the input, without and with padding.</summary>
    public int Input, PaddedInput;

    /// <summary>[parameters], θ, Adam's m and v, and the gradient.</summary>
    public int Parameters, First, Second, Gradient;

    /// <summary>[parameters and statistics of the first networks], θ′.</summary>
    public int Target, TargetStatistics;

    /// <summary>Running statistics of all networks, and their number per network.</summary>
    public int Statistics, NetworkStatistics;

    /// <summary>[input], scale factors of the input.</summary>
    public int InputScale;

    public int Settings;

    /// <summary>Nonzero once the learner has stopped on a non-finite loss or gradient.</summary>
    public int Stopped;

    /// <summary>[tiles], the gradient's sum of squares in each tile.</summary>
    public int Squares;

    /// <summary>[padded input, samples], the minibatch's inputs.</summary>
    public int X;

    /// <summary>[samples, action] or [samples, outputs], the other data of the minibatch.</summary>
    public int U;

    /// <summary>[samples], targets y, TD errors and Q.</summary>
    public int Y, Error, Q;
}

/// <summary>
/// Offsets of a learner's arrays in its row of device memory: first its state, then the work memory of an update. The
/// weights of every layer above the first also have a transposed copy, a row per input, for the forward pass.
/// </summary>
internal sealed class LearnerLayout
{
    /// <summary>Length of <see cref="LearnerSizes.Settings"/>.</summary>
    public const int SettingsLength = 16;

    private readonly int _samples;
    private long _length;

    /// <param name="targets">How many of the first networks have a target.</param>
    /// <param name="extra">Further entries of a sample: the action, or the outputs.</param>
    /// <param name="rows">Samples that a thread group processes together.</param>
    /// <param name="tileRows">Rows and columns of a tile of θ; columns a multiple of 16.</param>
    /// <param name="secondPass">A network that makes a second training pass; −1 for none.</param>
    /// <exception cref="DeviceException">The row is too long.</exception>
    public LearnerLayout(ImmutableArray<MlpShape> networks, int targets, int batch, int extra, int rows,
        int tileRows, int tileColumns, int secondPass = -1)
    {
        MlpShape first = networks[0];
        ImmutableArray<MlpShape> targeted = networks[..targets];
        int layers = first.Layers + 1, samples = Up(Up(batch, rows), MatrixProduct.Turn);
        _samples = samples;
        Sizes = new LearnerSizes
        {
            Networks = networks.Length, Targets = targets, Layers = layers, Batch = batch, Samples = samples,
            Rows = rows, Stride = MlpForward.Stride(networks),
            Input = first.Input, PaddedInput = MlpShape.Pad(first.Input), NetworkStatistics = first.Statistics,
            // θ, Adam's moments, θ′ and the running statistics, in the host's layout
            Parameters = Take(networks.Sum(n => n.Parameters)), First = Take(networks.Sum(n => n.Parameters)),
            Second = Take(networks.Sum(n => n.Parameters)), Target = Take(targeted.Sum(n => n.Parameters)),
            Statistics = Take(networks.Sum(n => n.Statistics)),
            TargetStatistics = Take(targeted.Sum(n => n.Statistics)),
            // settings of each learner, and whether it has stopped
            InputScale = Take(first.Input), Settings = Take(SettingsLength), Stopped = Take(1),
        };
        int transposed = Take(networks.Sum(TransposedLength)),
            targetTransposed = Take(targeted.Sum(TransposedLength));
        Work = (int)_length;
        LearnerSizes s = Sizes with
        {
            Gradient = Take(networks.Sum(n => n.Parameters)), X = Take(Sizes.PaddedInput * samples),
            U = Take((long)samples * extra),
            Y = Take(samples), Error = Take(samples), Q = Take(samples),
        };

        // the layers of every network, of the targets and of the second pass, and the tiles of θ
        var (shapes, tiles) = (ImmutableArray.CreateBuilder<LayerShape>(), ImmutableArray.CreateBuilder<TileShape>());
        int at = 0;
        for (int n = 0; n < networks.Length; n++)
        {
            int begin = shapes.Count;
            AddLayers(n, ofTarget: false);
            for (int l = 0; l < layers; l++)
                tiles.AddRange(TilesOf(n, l, shapes[begin + l], l > 0 ? shapes[begin + l - 1].Output : -1));
            at += networks[n].Parameters;
        }
        for (int n = 0; n < targets; n++) AddLayers(n, ofTarget: true);
        if (secondPass >= 0) AddLayers(secondPass, ofTarget: false);
        (Layers, Tiles) = (shapes.ToImmutable(), tiles.ToImmutable());
        s.Squares = Take(Tiles.Length);
        s.Tiles = Tiles.Length;
        s.Row = (int)Math.Min(_length, int.MaxValue);
        Sizes = s;
        if (_length > int.MaxValue)
            throw new DeviceException(
                $"networks of {networks.Sum(n => n.Parameters)} parameters with minibatches of {batch} are too large "
                + "for a GPU's learner; use device=cpu");

        void AddLayers(int n, bool ofTarget)
        {
            int parameters = networks[..n].Sum(b => b.Parameters), copies = networks[..n].Sum(TransposedLength),
                statistics = networks[..n].Sum(b => b.Statistics);
            shapes.AddRange(ofTarget
                ? LayersOf(networks[n], s.Target + parameters, targetTransposed + copies,
                    s.TargetStatistics + statistics, gradient: -1)
                : LayersOf(networks[n], s.Parameters + parameters, transposed + copies, s.Statistics + statistics,
                    s.Gradient + parameters));
        }

        IEnumerable<TileShape> TilesOf(int n, int l, LayerShape layer, int below)
        {
            MlpShape network = networks[n];
            int weights = at + network.Weights(l), biases = at + network.Biases(l);
            // rows of θ are inputs in the first layer and units above it
            (int aCount, int bCount) = l == 0
                ? (network.Input, layer.Columns) : (layer.Units, MlpShape.Pad(network.Inputs(l)));
            int target = n < targets ? s.Target : -1;
            for (int a = 0; a < aCount; a += tileRows)
                for (int b = 0; b < bCount; b += tileColumns)
                    yield return new TileShape
                    {
                        Kind = TileKind.Weights, Network = n, Rows = Math.Min(tileRows, aCount - a),
                        Columns = Math.Min(tileColumns, bCount - b), Stride = bCount,
                        At = weights + a * bCount + b, Target = target < 0 ? -1 : target + weights + a * bCount + b,
                        Transposed = l == 0 ? -1 : layer.Forward + b * layer.Columns + a,
                        TransposedStride = layer.Columns,
                        TargetTransposed = l == 0 || target < 0
                            ? -1 : targetTransposed + layer.Forward - transposed + b * layer.Columns + a,
                        Left = l == 0 ? s.X + a * samples : layer.Delta + a * samples, LeftStride = samples,
                        Right = l == 0 ? layer.Delta + b : below + b, RightStride = bCount,
                    };
            TileShape vector = new()
            {
                Kind = layer.BatchNorm ? TileKind.Given : TileKind.Biases, Network = n, Rows = 1,
                Columns = (layer.BatchNorm ? 2 : 1) * layer.Columns,
                Stride = layer.Columns, At = biases, Target = target < 0 ? -1 : target + biases, Transposed = -1,
                TargetTransposed = -1,
                Left = layer.Delta, LeftStride = layer.DeltaUnit, RightStride = layer.DeltaSample,
            };
            yield return vector;
            if (!layer.LayerNorm) yield break;
            // sums over the samples of ∂loss/∂y and ẑ ∂loss/∂y
            foreach ((int left, int offset) in new[]
            {
                (layer.ShiftGradient, layer.Columns), (layer.Normalised, 2 * layer.Columns),
            })
                yield return vector with
                {
                    At = biases + offset, Target = target < 0 ? -1 : target + biases + offset, Left = left,
                    LeftStride = 1, RightStride = layer.Columns,
                };
        }
    }

    public LearnerSizes Sizes { get; }

    /// <summary>[networks, layers], then the layers of the targets, then those of the second pass.</summary>
    public ImmutableArray<LayerShape> Layers { get; }

    public ImmutableArray<TileShape> Tiles { get; }

    /// <summary>Start of the work memory, to the end of the row; an update writes it before reading it.</summary>
    public int Work { get; }

    // rows of the copies are padded with zeros to a multiple of 16
    private static int TransposedLength(MlpShape network) =>
        Enumerable.Range(1, network.Layers).Sum(l => MlpShape.Pad(network.Inputs(l)) * network.Columns(l));

    private static int Up(int count, int step) => (count + step - 1) / step * step;

    // the layers of a network whose parameters, transposed weights, statistics and gradient start at these offsets;
    // without a gradient (negative) no activations are kept
    private IEnumerable<LayerShape> LayersOf(
        MlpShape network, int parameters, int transposed, int statistics, int gradient)
    {
        bool trains = gradient >= 0;
        for (int l = 0; l <= network.Layers; l++)
        {
            int columns = network.Columns(l), units = l < network.Layers ? network.Hidden[l] : network.Output;
            bool normalised = network.Normalised && l < network.Layers, layerNorm = normalised && !network.BatchNorm;
            yield return new LayerShape
            {
                Inputs = network.Inputs(l), Units = units, Columns = columns, Hidden = l < network.Layers ? 1 : 0,
                Forward = l == 0 ? parameters + network.Weights(0) : transposed,
                Weights = parameters + network.Weights(l),
                Biases = parameters + network.Biases(l), Scales = normalised ? parameters + network.Scales(l) : -1,
                Means = normalised && !layerNorm ? statistics + network.Means(l) : -1,
                Output = trains ? Take((long)_samples * columns) : -1,
                Delta = trains ? Take((long)_samples * columns) : -1,
                DeltaSample = l == 0 ? columns : 1, DeltaUnit = l == 0 ? 1 : _samples,
                Normalised = trains && normalised ? Take((long)_samples * columns) : -1,
                Moments = trains && normalised ? Take(layerNorm ? _samples : 5L * columns) : -1,
                ShiftGradient = !trains || !normalised ? -1
                    : layerNorm ? Take((long)_samples * columns) : gradient + network.Biases(l),
            };
            if (l > 0) transposed += MlpShape.Pad(network.Inputs(l)) * columns;
        }
    }

    // allocates an array aligned to a cache line; the constructor checks the total length at the end
    private int Take(long length)
    {
        long at = _length;
        _length += (length + 15) & ~15L;
        return (int)Math.Min(at, int.MaxValue);
    }
}

/// <summary>Offsets of a learner's settings, relative to <see cref="LearnerSizes.Settings"/>.</summary>
internal static class SettingPlaces
{
    public const int Beta1 = 0, Rest1 = 1, Beta2 = 2, Rest2 = 3, Gamma = 4, Tau = 5, RewardScale = 6,
        ClipNorm = 7, Bound = 8, Penalty = 9, Huber = 10, Natural = 11;
}
