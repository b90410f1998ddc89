using Naf.Kernels.Network;
using Naf.Kernels.Update;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>The engine's parameters as PyTorch's tensors.</summary>
internal static class TorchParameters
{
    /// <summary>A learner's parameters at birth, a flat array for each network.</summary>
    public static float[][] AtBirth(NafShape shape, LearnerSettings settings) => [.. shape.Networks().Select((network, n) =>
    {
        var (parameters, statistics) = (new float[network.Parameters], new float[network.Statistics]);
        network.Initialise(settings.Seed, (uint)n, settings.HeadScale, parameters, statistics);
        return parameters;
    })];

    /// <summary>[inputs, units], the weights of a layer.</summary>
    public static Tensor Weights(MlpShape shape, float[] theta, int layer)
    {
        (int inputs, int units) = (shape.Inputs(layer), Units(shape, layer));
        float[] weights = [.. Enumerable.Range(0, inputs * units).Select(k => theta[shape.Weight(layer, k / units, k % units)])];
        return tensor(weights).view(inputs, units);
    }

    /// <summary>[1, units], the biases of a layer.</summary>
    public static Tensor Biases(MlpShape shape, float[] theta, int layer) =>
        tensor(theta.AsSpan(shape.Biases(layer), Units(shape, layer)).ToArray()).unsqueeze(0);

    private static int Units(MlpShape shape, int layer) => layer < shape.Layers ? shape.Hidden[layer] : shape.Output;
}
