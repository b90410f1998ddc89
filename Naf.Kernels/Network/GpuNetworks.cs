using System.Collections.Immutable;
using System.Text;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Sizes and places of networks with the same hidden layers as constants of GPU kernels (<c>Networks.gpu.c</c>, which <c>Mlp.gpu.c</c>
/// includes), and the layout of the copies of the weights that the forward pass reads: of every layer above the first a row per input,
/// [inputs, Pad(units)].
/// </summary>
internal class GpuNetworks
{
    private readonly ImmutableArray<MlpShape> _networks;

    public GpuNetworks(ImmutableArray<MlpShape> networks)
    {
        _networks = networks;
        Parameters = _networks.Sum(n => n.Parameters);
        Transposed = _networks.Sum(TransposedOf);
        TargetTransposed = TransposedOf(_networks[0]);
    }

    /// <summary>Floats of a learner's parameters.</summary>
    public int Parameters { get; }

    /// <summary>Floats of a learner's transposed weights.</summary>
    public int Transposed { get; }

    /// <summary>Floats of the transposed weights of the first network, which has a target.</summary>
    public int TargetTransposed { get; }

    /// <summary>Floats of the widest layer, input and output included.</summary>
    public int MaxWidth => _networks.Max(n => Math.Max(MlpShape.Pad(Math.Max(n.Input, n.Output)), MlpShape.Pad(n.Hidden.Max())));

    /// <summary>Floats of all hidden layers of a network for one sample.</summary>
    public int TotalWidth => _networks[0].Hidden.Sum(MlpShape.Pad);

    /// <summary>Constants by name, beside those of the launch (LaunchPlan) and of a learner's row (LearnerLayout).</summary>
    public virtual IEnumerable<KeyValuePair<string, object>> Constants =>
    [
        new("NETWORKS", _networks.Length), new("LAYERS", _networks[0].Layers), new("INPUT", _networks[0].Input),
        new("MAX_WIDTH", MaxWidth), new("TOTAL_WIDTH", TotalWidth), new("STATISTICS", _networks[0].Statistics),
        new("BATCH_NORM", _networks[0].BatchNorm),
        new("BATCH_NORM_EPSILON", BatchNormConstants.Epsilon), new("BATCH_NORM_RATE", BatchNormConstants.Rate),
    ];

    /// <summary>The generated file.</summary>
    public KeyValuePair<string, string> Source
    {
        get
        {
            MlpShape first = _networks[0];
            int layers = first.Layers;
            var text = new StringBuilder("// made from MlpShape: units and places of the networks' layers\n");
            Table("UNITS", first.Hidden);
            Table("WIDTH_BEFORE", Places(first.Hidden.Select(MlpShape.Pad)).Take(layers));
            // within a network: all have the same hidden layers
            Table("WEIGHTS", Enumerable.Range(0, layers + 1).Select(first.Weights));
            Table("BIASES", Enumerable.Range(0, layers).Select(first.Biases));
            Table("TRANSPOSED", [0, .. Places(Enumerable.Range(1, layers).Select(l => TransposedOf(first, l))).Take(layers)]);
            if (first.BatchNorm)
            {
                Table("SCALES", Enumerable.Range(0, layers).Select(first.Scales));
                Table("MEANS", Enumerable.Range(0, layers).Select(first.Means));
            }
            // of each network, and the end
            Table("HEAD_BIAS", _networks.Select(n => n.Biases(layers)));
            Table("OUTPUTS", _networks.Select(n => n.Output));
            Table("FIRST_OUTPUT", Places(_networks.Select(n => n.Output)).Take(_networks.Length));
            Table("BASE", Places(_networks.Select(n => n.Parameters)));
            Table("TRANSPOSED_BASE", Places(_networks.Select(TransposedOf)));
            return new("Networks.gpu.c", text.ToString());

            void Table(string name, IEnumerable<int> values) => text.Append(KernelSource.Table(name, values));
        }
    }

    /// <summary>Tiles of [tileA, tileB] weights that cover every layer of every network (NafUpdate.gpu.c).</summary>
    public int Tiles(int tileA, int tileB) => _networks.Sum(n => Enumerable.Range(0, n.Layers + 1).Sum(l =>
    {
        (int a, int b) = l == 0
            ? (n.Input, MlpShape.Pad(n.Hidden[0]))
            : (l < n.Layers ? n.Hidden[l] : n.Output, MlpShape.Pad(n.Hidden[l - 1]));
        return (a + tileA - 1) / tileA * ((b + tileB - 1) / tileB);
    }));

    // running sum before each element, and the end
    private static IEnumerable<int> Places(IEnumerable<int> sizes)
    {
        int at = 0;
        foreach (int size in sizes)
        {
            yield return at;
            at += size;
        }
        yield return at;
    }

    private static int TransposedOf(MlpShape network) => Enumerable.Range(1, network.Layers).Sum(l => TransposedOf(network, l));

    private static int TransposedOf(MlpShape network, int layer) =>
        network.Inputs(layer) * MlpShape.Pad(layer < network.Layers ? network.Hidden[layer] : network.Output);
}
