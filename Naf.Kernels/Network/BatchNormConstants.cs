namespace Naf.Kernels.Network;

/// <summary>Constants of batch normalisation.</summary>
public static class BatchNormConstants
{
    /// <summary>ε under the root.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>Share of the newest batch in the running statistics.</summary>
    public const float Rate = 0.01f;
}
