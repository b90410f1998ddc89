namespace Naf.Host.Export;

/// <summary>
/// A layer of a network without padding: z = W h + b; of a hidden layer, after layer normalisation if it has one,
/// h = max(z, 0).
/// </summary>
/// <param name="Name">Prefix of its tensors, such as policy.0.</param>
/// <param name="Weight">[units, inputs], W.</param>
/// <param name="Bias">[units], b.</param>
internal sealed record NetworkLayer(string Name, float[] Weight, float[] Bias)
{
    public const string WeightName = "weight", BiasName = "bias", ScaleName = "norm.weight", ShiftName = "norm.bias";

    /// <summary>[units], scale and shift of layer normalisation; null without it.</summary>
    public (float[] Scale, float[] Shift)? Norm { get; init; }

    public IEnumerable<NamedTensor> Tensors
    {
        get
        {
            long units = Bias.Length;
            yield return new NamedTensor($"{Name}.{WeightName}", Weight, units, Weight.Length / units);
            yield return new NamedTensor($"{Name}.{BiasName}", Bias, units);
            if (Norm is not { } norm) yield break;
            yield return new NamedTensor($"{Name}.{ScaleName}", norm.Scale, units);
            yield return new NamedTensor($"{Name}.{ShiftName}", norm.Shift, units);
        }
    }
}

/// <summary>A tensor of an export.</summary>
/// <param name="Values">[shape], row by row.</param>
internal sealed record NamedTensor(string Name, float[] Values, params long[] Shape);
