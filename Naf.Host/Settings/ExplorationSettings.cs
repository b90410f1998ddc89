using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>Ornstein-Uhlenbeck noise on the policy's actions in training (𝒩 of the paper's Algorithm 1).</summary>
public sealed record ExplorationSettings
{
    /// <summary>Pull θ of the exploration noise towards 0 in each step.</summary>
    [Setting("noise_theta", "[0, 1]",
        "pull θ of the exploration noise towards 0 in each step", "Lillicrap et al. and rllabplusplus: 0.15.",
        Basic = true)]
    public double Theta { get; init; } = 0.15;

    /// <summary>Standard deviation σ of the random part of the exploration noise, in actions.</summary>
    [Setting("noise_sigma", "[0, 100]",
        "standard deviation σ of the random part of the exploration noise, in actions", "rllabplusplus: 0.3.",
        Basic = true)]
    public double Sigma { get; init; } = 0.3;

    /// <summary>Factor on the exploration noise.</summary>
    [Setting("noise_scale", "[0, 100]",
        "factor on the exploration noise", "Paper, section 6: one of 0.1, 0.3, 1, the best of each task reported.",
        Basic = true)]
    public double Scale { get; init; } = 1;
}
