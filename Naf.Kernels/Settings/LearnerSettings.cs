using Naf.Kernels.Network;

namespace Naf.Kernels.Settings;

/// <summary>
/// The hyper-parameters of a learner: of NAF (paper, Algorithm 1), and of DDPG, which shares them. Where the paper is
/// silent, the value is its first author's (rllabplusplus) or Lillicrap et al. 2016's, whose settings the paper builds
/// on.
/// </summary>
public sealed record LearnerSettings
{
    /// <summary>Transitions in a minibatch.</summary>
    [Setting("batch_size", "[1, 65536]",
        "transitions in a minibatch", "Paper: open; Lillicrap et al. and rllabplusplus: 64.", Basic = true)]
    public int BatchSize { get; init; } = 64;

    /// <summary>Discount γ of the target y = r + γ V′.</summary>
    [Setting("gamma", "[0, 1]",
        "discount γ of the target y = r + γ V′", "Paper: open; Lillicrap et al. and rllabplusplus: 0.99.",
        Basic = true)]
    public double Gamma { get; init; } = 0.99;

    /// <summary>Real steps n of the target y = r₁ + γ r₂ + … + γⁿ V′.</summary>
    [Setting("n_step", "[1, 1000]",
        "real steps n of the target y = r₁ + γ r₂ + … + γⁿ V′", "Paper, Algorithm 1: 1. Imagined transitions have 1.")]
    public int NStep { get; init; } = 1;

    /// <summary>Share τ of the new weights in the target network at each update.</summary>
    [Setting("tau", "(0, 1]",
        "share τ of the new weights in the target network at each update",
        "Paper: open; 0.01 learns fastest on most tasks.", Basic = true)]
    public double Tau { get; init; } = 0.01;

    /// <summary>Step size of Adam; the network of μ has actor_learning_rate.</summary>
    [Setting("learning_rate", "(0, 1]",
        "step size of Adam; the network of μ has actor_learning_rate",
        "Paper, section 6: one of 1e-4, 1e-3, 1e-2, the best of each task reported.",
        Basic = true)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Step size of Adam for the network of μ; learning_rate is that of the others.</summary>
    [Setting("actor_learning_rate", "(0, 1]",
        "step size of Adam for the network of μ; learning_rate is that of the others",
        "Lillicrap et al. (DDPG): 1e-4. Paper (NAF): that of the others. Not with shared_trunk.")]
    public double ActorLearningRate { get; init; } = 1e-4;

    /// <summary>Whether NAF's μ follows the natural gradient: that of the loss, times P⁻¹.</summary>
    [Setting("natural_gradient", "",
        "whether NAF's μ follows the natural gradient: that of the loss, times P⁻¹",
        "Paper: the gradient. Amari 1998, for the policy N(μ, P⁻¹).")]
    public bool NaturalGradient { get; init; } = true;

    /// <summary>Updates I after each step.</summary>
    [Setting("updates_per_step", "[0, 10000]", "updates I after each step", "Paper, section 6: 5.", Basic = true)]
    public int UpdatesPerStep { get; init; } = 5;

    /// <summary>Units of each hidden layer.</summary>
    [Setting("hidden", "", "units of each hidden layer", "Paper, section 6: two layers of 200 ReLU.", Basic = true)]
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>Whether V, μ and L share their hidden layers.</summary>
    [Setting("shared_trunk", "",
        "whether V, μ and L share their hidden layers",
        "Paper, section 6: separate layers \"to produce each of the output parameters\".")]
    public bool SharedTrunk { get; init; }

    /// <summary>Whether NAF has two V networks, and takes the smaller V′ of both in the target.</summary>
    [Setting("twin_values", "",
        "whether NAF has two V networks, and takes the smaller V′ of both in the target",
        "Paper: one. Fujimoto et al. 2018 (TD3): values are overestimated less.")]
    public bool TwinValues { get; init; }

    /// <summary>Normalisation of the hidden layers.</summary>
    [Setting("normalisation", "",
        "normalisation of the hidden layers",
        "Paper, section 6: batch normalisation on or off, the better of each task reported.")]
    public Normalisation Normalisation { get; init; }

    /// <summary>Factor on the reward inside the learner.</summary>
    [Setting("reward_scale", "(0, 1e9]",
        "factor on the reward inside the learner",
        "Scores stay unscaled. Best where |r| is then about 0.05 to 0.2 a step.", Basic = true)]
    public double RewardScale { get; init; } = 1;

    /// <summary>Whether V′ in the target is limited to what the rewards seen so far allow.</summary>
    [Setting("bound_values", "",
        "whether V′ in the target is limited to what the rewards seen so far allow",
        "min(0, least r) / (1 − γ) ≤ V′ ≤ max(0, largest r) / (1 − γ). Paper: no limit; there Q can grow without end.")]
    public bool BoundValues { get; init; } = true;

    /// <summary>Largest norm of the gradient; 0: no limit.</summary>
    [Setting("clip_norm", "[0, 1e9]", "largest norm of the gradient; 0: no limit", "Paper: none.")]
    public double ClipNorm { get; init; }

    /// <summary>|TD error|, in scaled rewards, beyond which its loss grows linearly; 0: squared everywhere.</summary>
    [Setting("huber", "[0, 1e9]",
        "|TD error|, in scaled rewards, beyond which its loss grows linearly; 0: squared everywhere",
        "Paper: squared. Huber 1964; Mnih et al. 2015 (DQN): 1, for rewards within ±1.")]
    public double Huber { get; init; }

    /// <summary>Transitions that the replay R holds; then the oldest make room.</summary>
    [Setting("replay_capacity", "[1, 1000000000]",
        "transitions that the replay R holds; then the oldest make room", "Lillicrap et al.: 10⁶.")]
    public int ReplayCapacity { get; init; } = 1_000_000;

    /// <summary>Transitions in R before updates begin; 0: a minibatch.</summary>
    [Setting("warmup_steps", "[0, 1000000000]",
        "transitions in R before updates begin; 0: a minibatch", "Paper: open.")]
    public int WarmupSteps { get; init; }

    /// <summary>Bound on the log of L's diagonal, approached smoothly.</summary>
    [Setting("log_diagonal_bound", "(0, 20]",
        "bound on the log of L's diagonal, approached smoothly", "Paper: none; NAF is known to diverge without one.")]
    public double LogDiagonalBound { get; init; } = 5;

    /// <summary>Weight of the penalty on μ's inputs to tanh beyond ±2; 0: none.</summary>
    [Setting("saturation_penalty", "[0, 1000]",
        "weight of the penalty on μ's inputs to tanh beyond ±2; 0: none",
        "Paper: none. Without it μ can stay at ±1 for good, where tanh has no slope.")]
    public double SaturationPenalty { get; init; } = 0.01;

    /// <summary>Factor on the initial weights of the output layers.</summary>
    [Setting("head_scale", "[0, 10]", "factor on the initial weights of the output layers", "Paper: open.")]
    public double HeadScale { get; init; } = 1;

    /// <summary>Seed of one learner's weights and minibatches: learner k of a run has the run's seed + k.</summary>
    internal ulong Seed { get; init; }

    /// <summary>ε of Adam.</summary>
    internal float Epsilon { get; init; } = AdamSettings.SmallEpsilon;

    internal AdamSettings Adam => new((float)LearningRate, Epsilon);

    /// <summary>The values for kernels, at <see cref="SettingPlaces"/>.</summary>
    internal double[] Places
    {
        get
        {
            var at = new double[LearnerLayout.SettingsLength];
            (at[SettingPlaces.Beta1], at[SettingPlaces.Rest1]) = (AdamSettings.Beta1, 1 - (double)AdamSettings.Beta1);
            (at[SettingPlaces.Beta2], at[SettingPlaces.Rest2]) = (AdamSettings.Beta2, 1 - (double)AdamSettings.Beta2);
            (at[SettingPlaces.Gamma], at[SettingPlaces.Tau]) = (Gamma, Tau);
            (at[SettingPlaces.RewardScale], at[SettingPlaces.ClipNorm]) = (RewardScale, ClipNorm);
            (at[SettingPlaces.Bound], at[SettingPlaces.Penalty]) = (LogDiagonalBound, SaturationPenalty);
            (at[SettingPlaces.Huber], at[SettingPlaces.Natural]) = (Huber, NaturalGradient ? 1 : 0);
            return at;
        }
    }
}
