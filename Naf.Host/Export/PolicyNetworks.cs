using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Update;

namespace Naf.Host.Export;

/// <summary>
/// The networks of a policy as layers, the last of which gives the outputs. With a shared trunk, networks have the
/// layers of <c>trunk</c> in common.
/// </summary>
internal sealed class PolicyNetworks
{
    private readonly Learner _learner;
    private readonly LearnerShape _shape;

    /// <param name="population">A population whose first learner has the policy.</param>
    public PolicyNetworks(LearnerPopulation population)
    {
        (_learner, _shape) = (population.LearnerAt(0), population.Shape);
        Policy = Read("policy", _shape.Mean, _shape.Action);
        if (_shape is DdpgShape) Critic = Read("critic", (DdpgShape.Critic, 0), 1);
        else (Value, Advantage) = (Read("value", (0, 0), 1), Read("advantage", _shape.Triangle, _shape.Packed));
    }

    /// <summary>m(x) of μ = tanh m.</summary>
    public ImmutableArray<NetworkLayer> Policy { get; }

    /// <summary>DDPG's Q(x, u), whose second layer takes [h | u]; empty of NAF.</summary>
    public ImmutableArray<NetworkLayer> Critic { get; } = [];

    /// <summary>NAF's V(x), and the packed triangle l(x) of A; empty of DDPG.</summary>
    public ImmutableArray<NetworkLayer> Value { get; } = [];

    /// <inheritdoc cref="Value"/>
    public ImmutableArray<NetworkLayer> Advantage { get; } = [];

    /// <summary>The parameters of all networks, each once.</summary>
    public IEnumerable<NamedTensor> Tensors => ((ImmutableArray<NetworkLayer>[])[Policy, Value, Advantage, Critic])
        .SelectMany(layers => layers).DistinctBy(layer => layer.Name).SelectMany(layer => layer.Tensors);

    private ImmutableArray<NetworkLayer> Read(string name, (int Network, int Output) at, int outputs)
    {
        MlpShape shape = _learner.Networks[at.Network];
        string hidden = shape.Output == outputs ? name : _shape.Names[at.Network];
        return
        [
            .. shape.Hidden.Select((units, l) => Read(hidden, at.Network, l, 0, units)),
            Read(name, at.Network, shape.Layers, at.Output, outputs),
        ];
    }

    // batch normalisation with the running statistics is linear, and becomes part of W and b:
    // scale (W h − mean) / √(variance + ε) + shift = f W h + (shift − f mean)
    private NetworkLayer Read(string name, int network, int l, int first, int units)
    {
        MlpShape shape = _learner.Networks[network];
        (int parameters, int statistics) = _shape.Place(network);
        ReadOnlySpan<float> theta = _learner.Parameters.Span.Slice(parameters, shape.Parameters),
            running = _learner.Statistics.Span.Slice(statistics, shape.Statistics);
        bool hidden = l < shape.Layers;
        int inputs = shape.Inputs(l);
        float[] weight = new float[units * inputs], bias = new float[units];
        for (int j = 0; j < units; j++)
        {
            double factor = 1, mean = 0;
            if (hidden && shape.BatchNorm)
            {
                int at = shape.Means(l) + j;
                mean = running[at];
                factor = theta[shape.Scales(l) + j]
                    / Math.Sqrt(running[at + shape.Columns(l)] + MlpShape.NormEpsilon);
            }
            bias[j] = (float)(theta[shape.Biases(l) + first + j] - factor * mean);
            for (int i = 0; i < inputs; i++)
                weight[j * inputs + i] = (float)(factor * theta[shape.Weight(l, i, first + j)]);
        }
        bool layerNorm = hidden && shape.Normalisation == Normalisation.Layer;
        return new NetworkLayer($"{name}.{l}", weight, bias)
        {
            Norm = layerNorm
                ? (theta.Slice(shape.Scales(l), units).ToArray(), theta.Slice(shape.Shifts(l), units).ToArray()) : null,
        };
    }
}
