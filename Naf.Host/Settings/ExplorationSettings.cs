namespace Naf.Host;

/// <summary>The Ornstein-Uhlenbeck process that is added to the policy's actions while it trains (the 𝒩 of the paper's Algorithm 1).</summary>
public sealed record ExplorationSettings
{
    /// <summary>Pull θ towards 0 in each step, between 0 and 1. Lillicrap et al. 2016 and rllabplusplus: 0.15.</summary>
    public double Theta { get; init; } = 0.15;

    /// <summary>Standard deviation σ of each step's random part, in actions (which span [−1, 1]). rllabplusplus: 0.3.</summary>
    public double Sigma { get; init; } = 0.3;

    /// <summary>Factor on the whole process. Paper, section 6: one of 0.1, 0.3, 1, the best of each task reported.</summary>
    public double Scale { get; init; } = 1;
}
