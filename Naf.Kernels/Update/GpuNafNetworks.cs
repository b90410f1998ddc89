namespace Naf.Kernels;

/// <summary>A NAF learner's networks for GPU kernels.</summary>
/// <param name="shape">Sizes of the learner.</param>
internal sealed class GpuNafNetworks(NafShape shape) : GpuNetworks(shape.Networks())
{
    /// <summary>Sizes of the learner.</summary>
    public NafShape Shape => shape;

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, object>> Constants =>
    [
        .. base.Constants, new("ACTION", shape.Action), new("MU_NETWORK", shape.SharedTrunk ? 0 : 1), new("MU_OUTPUT", shape.SharedTrunk ? 1 : 0),
    ];
}
