using System.Text;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The copy of a policy's weights that RolloutPolicy.gpu.c reads: of every layer a row per input and then the biases, [inputs + 1, Pad(units)].
/// </summary>
internal static class PolicyLayout
{
    /// <summary>Floats of a learner's copy.</summary>
    public static int Floats(NafShape shape) => Places(shape)[^1];

    /// <summary>Units of the layers, where each stands in the copy, and where its parts stand in θ and in the running statistics.</summary>
    public static string Source(NafShape shape)
    {
        MlpShape network = shape.Networks()[shape.SharedTrunk ? 0 : 1];
        var text = new StringBuilder("// made from the task and NafShape\n");
        Table("UNITS", network.Hidden);
        Table("POLICY_AT", Places(shape));
        Table("WEIGHTS", Enumerable.Range(0, network.Layers + 1).Select(network.Weights));
        Table("BIASES", Enumerable.Range(0, network.Layers + 1).Select(network.Biases));
        if (shape.BatchNorm)
        {
            Table("SCALES", Enumerable.Range(0, network.Layers).Select(network.Scales));
            Table("MEANS", Enumerable.Range(0, network.Layers).Select(network.Means));
        }
        return text.ToString();

        void Table(string name, IEnumerable<int> values) => text.Append(KernelSource.Table(name, values));
    }

    // where each layer begins, and the end
    private static int[] Places(NafShape shape)
    {
        var places = new int[shape.Hidden.Length + 2];
        for (int l = 0, inputs = shape.State; l <= shape.Hidden.Length; l++)
        {
            int units = l < shape.Hidden.Length ? shape.Hidden[l] : shape.Action;
            places[l + 1] = places[l] + (inputs + 1) * MlpShape.Pad(units);
            inputs = units;
        }
        return places;
    }
}
