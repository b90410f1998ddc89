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

    /// <summary>Least share of the noise that an episode draws, uniformly up to 1; 1: no draw.</summary>
    [Setting("noise_least", "[0, 1]",
        "least share of the noise that an episode draws, uniformly up to 1; 1: no draw",
        "Paper: 1. Quieter episodes reach the states that the policy alone reaches.", Basic = true)]
    public double LeastShare { get; init; }

    /// <summary>Share of noise_scale that is left when the noise has shrunk.</summary>
    [Setting("noise_final", "[0, 1]",
        "share of noise_scale that is left when the noise has shrunk", "Paper: constant noise.")]
    public double FinalShare { get; init; } = 1;

    /// <summary>Episodes in which the noise shrinks linearly to noise_final; 0: it does not shrink.</summary>
    [Setting("noise_decay_episodes", "[0, 100000000]",
        "episodes in which the noise shrinks linearly to noise_final; 0: it does not shrink",
        "Does not depend on episodes, so that a run with more of them goes on as it was.")]
    public int DecayEpisodes { get; init; }

    /// <summary>Steps of a learner after which P(x)⁻¹ shapes its noise; 0: never.</summary>
    [Setting("noise_precision_after", "[0, 1000000000]",
        "steps of a learner after which P(x)⁻¹ shapes its noise; 0: never",
        "Paper, appendix 8.2 (NAF-P): a better policy on canada2d (there after 50,000), no difference elsewhere.")]
    public int PrecisionAfter { get; init; }

    /// <summary>Factor on the noise of an episode, from 1.</summary>
    /// <param name="drawn">The episode's draw, uniform in [0, 1).</param>
    internal double ScaleIn(int episode, double drawn)
    {
        double share = LeastShare + (1 - LeastShare) * drawn;
        double left = DecayEpisodes == 0 ? 1 : 1 - (1 - FinalShare) * Math.Min(1, (episode - 1.0) / DecayEpisodes);
        return Scale * share * left;
    }
}
