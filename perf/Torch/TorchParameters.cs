using Naf.Kernels.Network;
using Naf.Kernels.Update;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>Converts the engine's parameters to PyTorch tensors.</summary>
internal static class TorchParameters
{
    /// <summary>For each network, weights [inputs, units] and biases [1, units], layer by layer.</summary>
    public static Tensor[][] Of(Learner learner)
    {
        int at = 0;
        return [.. learner.Networks.Select(network =>
        {
            float[] theta = learner.Parameters.Span[at..(at += network.Parameters)].ToArray();
            return Enumerable.Range(0, network.Layers + 1).SelectMany(l => Layer(network, theta, l)).ToArray();
        })];
    }

    /// <summary>
    /// [action²], the index of entry (i, j) of L in its packed row, i (i + 1) / 2 + j, and a mask of the lower
    /// triangle.
    /// </summary>
    public static (Tensor Index, Tensor Mask) Triangle(int action, Device device)
    {
        Tensor columns = arange(action, device: device), rows = columns.unsqueeze(1);
        Tensor mask = columns.le(rows).view(-1).to(float32);
        return ((rows * (rows + 1) / 2).to(int64).add(columns).view(-1).mul(mask.to(int64)), mask);
    }

    private static Tensor[] Layer(MlpShape shape, float[] theta, int layer)
    {
        (int inputs, int units) = (shape.Inputs(layer), layer < shape.Layers ? shape.Hidden[layer] : shape.Output);
        var weights = new float[inputs * units];
        for (int k = 0; k < weights.Length; k++) weights[k] = theta[shape.Weight(layer, k / units, k % units)];
        Tensor biases = tensor(theta.AsSpan(shape.Biases(layer), units).ToArray());
        return [tensor(weights).view(inputs, units), biases.unsqueeze(0)];
    }
}
