using Naf.Kernels.Network;
using static TorchSharp.torch;

namespace Naf.Torch;

/// <summary>
/// The perceptron of <see cref="MlpShape"/> in PyTorch operations, with its parameters in one flat tensor;
/// differentiable by autograd.
/// </summary>
internal sealed class TorchMlp
{
    private readonly MlpShape _shape;
    private readonly Tensor[] _weights, _biases, _scales, _means, _variances;

    /// <param name="shape">Sizes and parameter offsets.</param>
    public TorchMlp(MlpShape shape)
    {
        _shape = shape;
        // look up the flat index of every entry, so that no layout is assumed
        _weights = PerLayer(shape.Layers + 1, l => tensor(Enumerable.Range(0, shape.Inputs(l))
            .SelectMany(i => Enumerable.Range(0, Units(l)).Select(j => (long)shape.Weight(l, i, j))).ToArray())
            .view(shape.Inputs(l), Units(l)));
        _biases = PerLayer(shape.Layers + 1, l => arange(shape.Biases(l), shape.Biases(l) + Units(l)));
        int normalised = shape.BatchNorm ? shape.Layers : 0;
        _scales = PerLayer(normalised, l => arange(shape.Scales(l), shape.Scales(l) + Units(l)));
        _means = PerLayer(normalised, l => arange(shape.Means(l), shape.Means(l) + Units(l)));
        _variances = PerLayer(normalised, l => _means[l] + MlpShape.Pad(Units(l)));

        static Tensor[] PerLayer(int layers, Func<int, Tensor> make) => [.. Enumerable.Range(0, layers).Select(make)];
    }

    /// <summary>[batch, output].</summary>
    /// <param name="theta">[Parameters].</param>
    /// <param name="x">[batch, input].</param>
    /// <param name="statistics">[Statistics], running statistics for normalisation; null: those of the batch.</param>
    /// <param name="averaged">[Statistics], running statistics to update with the batch's; null for none.</param>
    public Tensor Forward(Tensor theta, Tensor x, Tensor? statistics = null, Tensor? averaged = null)
    {
        Tensor h = x;
        for (int l = 0; l < _shape.Layers; l++)
        {
            Tensor z = h.matmul(theta.take(_weights[l]));
            if (_shape.BatchNorm)
            {
                Tensor? mean = statistics?.take(_means[l]), variance = statistics?.take(_variances[l]);
                if (averaged is not null) Average(l, z.detach(), averaged);
                z = nn.functional.batch_norm(z, mean!, variance!, theta.take(_scales[l]), theta.take(_biases[l]),
                    training: statistics is null, eps: MlpShape.NormEpsilon);
            }
            else
            {
                z += theta.take(_biases[l]);
            }
            h = nn.functional.relu(z);
        }
        return h.matmul(theta.take(_weights[_shape.Layers])) + theta.take(_biases[_shape.Layers]);
    }

    // running ← (1 − rate) running + rate (mean or variance over the batch)
    private void Average(int layer, Tensor z, Tensor averaged)
    {
        foreach ((Tensor places, Tensor batch) in new[] { (_means[layer], z.mean([0])),
            (_variances[layer], z.var(0, unbiased: false)) })
            averaged.index_copy_(0, places, averaged.take(places).lerp(batch, MlpShape.NormRate));
    }

    private int Units(int layer) => layer < _shape.Layers ? _shape.Hidden[layer] : _shape.Output;
}
