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
    private readonly Tensor[] _weights, _biases, _shifts, _scales, _means, _variances;

    /// <param name="shape">Sizes and parameter offsets.</param>
    public TorchMlp(MlpShape shape)
    {
        _shape = shape;
        // look up the flat index of every entry, so that no layout is assumed
        _weights = PerLayer(shape.Layers + 1, l => tensor(Enumerable.Range(0, shape.Inputs(l))
            .SelectMany(i => Enumerable.Range(0, Units(l)).Select(j => (long)shape.Weight(l, i, j))).ToArray())
            .view(shape.Inputs(l), Units(l)));
        _biases = PerLayer(shape.Layers + 1, l => arange(shape.Biases(l), shape.Biases(l) + Units(l)));
        int normalised = shape.Normalised ? shape.Layers : 0;
        _shifts = PerLayer(normalised, l => arange(shape.Shifts(l), shape.Shifts(l) + Units(l)));
        _scales = PerLayer(normalised, l => arange(shape.Scales(l), shape.Scales(l) + Units(l)));
        _means = PerLayer(shape.BatchNorm ? shape.Layers : 0, l => arange(shape.Means(l), shape.Means(l) + Units(l)));
        _variances = PerLayer(_means.Length, l => _means[l] + shape.Columns(l));

        static Tensor[] PerLayer(int layers, Func<int, Tensor> make) => [.. Enumerable.Range(0, layers).Select(make)];
    }

    /// <summary>[batch, output].</summary>
    /// <param name="theta">[Parameters].</param>
    /// <param name="x">[batch, input].</param>
    /// <param name="statistics">[Statistics], running statistics of batch normalisation.</param>
    /// <param name="trains">Batch renormalisation with the batch's statistics, with which it updates these.</param>
    /// <param name="late">[batch, late], the late input of a network that has one.</param>
    public Tensor Forward(
        Tensor theta, Tensor x, Tensor? statistics = null, bool trains = false, Tensor? late = null)
    {
        Tensor h = x;
        for (int l = 0; l < _shape.Layers; l++)
        {
            Tensor z = h.matmul(theta.take(_weights[l]));
            if (_shape.BatchNorm)
            {
                Tensor mean = statistics!.take(_means[l]), variance = statistics.take(_variances[l]);
                Tensor normalised = nn.functional.batch_norm(z, mean, variance, eps: MlpShape.NormEpsilon);
                if (trains)
                {
                    // r ẑ + d, of which r and d are constants (Ioffe 2017, Algorithm 1)
                    Tensor sigma = (variance + MlpShape.NormEpsilon).sqrt(), own = z.detach();
                    Tensor r = ((own.var(0, unbiased: false) + MlpShape.NormEpsilon).sqrt() / sigma).clamp(1 / 3.0, 3);
                    Tensor d = ((own.mean([0]) - mean) / sigma).clamp(-5, 5);
                    normalised = d + r * nn.functional.batch_norm(
                        z, null!, null!, training: true, eps: MlpShape.NormEpsilon);
                    Average(l, own, statistics);
                }
                z = normalised * theta.take(_scales[l]) + theta.take(_shifts[l]);
            }
            else
            {
                z += theta.take(_biases[l]);
                if (_shape.Normalised)
                    z = nn.functional.layer_norm(
                        z, [Units(l)], theta.take(_scales[l]), theta.take(_shifts[l]), MlpShape.NormEpsilon);
            }
            h = nn.functional.relu(z);
            if (l == 0 && late is not null) h = cat([h, late], 1);
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
