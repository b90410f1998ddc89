using System.Collections.Immutable;

namespace Naf.Host;

/// <summary>
/// The hyper-parameters of NAF (paper, Algorithm 1). Where the paper is silent, the value is its first author's (rllabplusplus) or
/// Lillicrap et al. 2016's, whose settings the paper builds on.
/// </summary>
public sealed record NafSettings
{
    /// <summary>Transitions m in a minibatch. Paper: open; Lillicrap et al. and rllabplusplus: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Discount γ of the target y = r + γV′. Paper: open; Lillicrap et al. and rllabplusplus: 0.99.</summary>
    public double Gamma { get; init; } = 0.99;

    /// <summary>Share τ of the new weights in the target network, θ′ ← τθ + (1 − τ)θ′. Paper: open; 0.01 learns fastest on most tasks.</summary>
    public double Tau { get; init; } = 0.01;

    /// <summary>Step size of Adam. Paper, section 6: one of 1e-4, 1e-3, 1e-2, the best of each task reported.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Updates I after each step of the environment. Paper, section 6: 5.</summary>
    public int UpdatesPerStep { get; init; } = 5;

    /// <summary>Units of each hidden layer, of each network or of the shared trunk. Paper, section 6: two layers of 200 ReLU.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>Whether V, μ and L share their hidden layers. Paper, section 6: separate layers "to produce each of the output parameters".</summary>
    public bool SharedTrunk { get; init; }

    /// <summary>Batch normalisation of the hidden layers. Paper, section 6: on or off, the better of each task reported.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>Factor on the reward inside the learner; scores stay unscaled. Best where |r| is then about 0.05 to 0.2 a step.</summary>
    public double RewardScale { get; init; } = 1;

    /// <summary>Largest norm of the gradient, beyond which it is scaled down; 0: never. Paper: none.</summary>
    public double ClipNorm { get; init; }

    /// <summary>Transitions that the replay buffer R holds; then the oldest make room. Lillicrap et al.: 10⁶.</summary>
    public int ReplayCapacity { get; init; } = 1_000_000;

    /// <summary>Transitions in R before updates begin; 0: one minibatch. Paper: open.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Bound on the logarithm of L's diagonal, approached smoothly. Paper: none; NAF is known to diverge without one.</summary>
    public double LogDiagonalBound { get; init; } = 5;

    /// <summary>Factor on the initial weights of the output layers. Paper: open.</summary>
    public double HeadScale { get; init; } = 1;
}
