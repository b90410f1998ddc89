using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>The dynamics in which imagination rolls out.</summary>
public enum ImaginationKind
{
    /// <summary>No imagination: Algorithm 1.</summary>
    Off,
    /// <summary>Time-varying linear-Gaussian dynamics, refitted every few episodes (paper, section 5.3).</summary>
    Fitted,
    /// <summary>MuJoCo itself, from saved states: the best case (paper, section 6.2).</summary>
    True,
    /// <summary>A neural network trained on all data so far: the paper's negative result (section 6.3).</summary>
    Network,
}

/// <summary>Coordinates in which the dynamics are fitted.</summary>
public enum DynamicsCoordinates
{
    /// <summary>The simulator's state, angles unwrapped, with the observation recomputed exactly.</summary>
    State,
    /// <summary>The observation itself, as the paper describes it; for comparison.</summary>
    Observation,
}

/// <summary>The data that the linear dynamics are fitted around.</summary>
public enum LinearisationPoint
{
    /// <summary>One model of the n episodes of B (paper, section 5.3).</summary>
    Batch,
    /// <summary>A model of each episode of B, which passes through it: F_t [s; u] + f_t is the episode's s′.</summary>
    Episode,
}

/// <summary>Prior of the fit to a few episodes.</summary>
public enum DynamicsPrior
{
    /// <summary>No prior, only the ridge.</summary>
    None,
    /// <summary>One Gaussian of all recent samples.</summary>
    Gaussian,
    /// <summary>A mixture of Gaussians of all recent samples (Levine and Abbeel 2014).</summary>
    Mixture,
}

/// <summary>Imagination rollouts (paper, section 5 and Algorithm 2), and dynamics shared with iLQG.</summary>
public sealed record ImaginationSettings
{
    /// <summary>Dynamics in which imagination rolls out.</summary>
    [Setting("imagination", "", "dynamics in which imagination rolls out")]
    public ImaginationKind Kind { get; init; } = ImaginationKind.Off;

    /// <summary>Episodes n between fits of the dynamics, and in each.</summary>
    [Setting("refit_episodes", "[1, 1000]",
        "episodes n between fits of the dynamics, and in each", "Paper, section 5.3: 5.", Basic = true)]
    public int RefitEpisodes { get; init; } = 5;

    /// <summary>Steps l of an imagined rollout.</summary>
    [Setting("imagined_steps", "[1, 1000]",
        "steps l of an imagined rollout", "Paper, section 6: 10 on the reacher, 5 on the gripper.", Basic = true)]
    public int Steps { get; init; } = 10;

    /// <summary>Rollouts m begun every m steps, from states of B_old.</summary>
    [Setting("imagined_starts", "[1, 65536]",
        "rollouts m begun every m steps, from states of B_old", "Paper, Algorithm 2: the size of a minibatch.")]
    public int Starts { get; init; } = 64;

    /// <summary>Updates from imagined transitions after each step; 0: updates_per_step times imagined_steps.</summary>
    [Setting("imagined_updates", "[0, 10000]",
        "updates from imagined transitions after each step; 0: updates_per_step times imagined_steps", "Paper: I · l.")]
    public int Updates { get; init; }

    /// <summary>Standard deviation σ of the noise on imagined actions, u = clip(μ(x) + σ ε).</summary>
    [Setting("imagined_noise", "[0, 10]",
        "standard deviation σ of the noise on imagined actions, u = clip(μ(x) + σ ε)",
        "Paper: open; about where the exploration noise settles (0.57).")]
    public double Noise { get; init; } = 0.6;

    /// <summary>Draw imagined states from the fitted Gaussian, not its means.</summary>
    [Setting("imagined_sampled", "", "draw imagined states from the fitted Gaussian, not its means")]
    public bool SampleDynamics { get; init; } = true;

    /// <summary>Ranges beyond the recent data's at which a rollout is cut.</summary>
    [Setting("imagined_range", "(0, 1e9]", "ranges beyond the recent data's at which a rollout is cut", "Paper: open.")]
    public double Range { get; init; } = 0.5;

    /// <summary>Forget imagined transitions at each fit.</summary>
    [Setting("imagined_clear", "", "forget imagined transitions at each fit")]
    public bool Clear { get; init; } = true;

    /// <summary>Imagined transitions that R_f holds; 0: those between two fits, n · T · l.</summary>
    [Setting("imagined_capacity", "[0, 100000000]",
        "imagined transitions that R_f holds; 0: those between two fits, n · T · l")]
    public int Capacity { get; init; }

    /// <summary>Control: the same updates from real transitions in place of imagined ones.</summary>
    [Setting("imagined_from_replay", "", "control: the same updates from real transitions in place of imagined ones")]
    public bool FromReplay { get; init; }

    /// <summary>Control: dynamics of the wrong phase, half an episode away.</summary>
    [Setting("imagined_shifted", "", "control: dynamics of the wrong phase, half an episode away")]
    public bool ShiftedTime { get; init; }

    /// <summary>Episodes after which imagination ends; 0: never.</summary>
    [Setting("imagination_off_after", "[0, 100000000]",
        "episodes after which imagination ends; 0: never", "Paper, section 6.3: 130 on the gripper.")]
    public int OffAfter { get; init; }

    /// <summary>Fits without a better score after which imagination ends; 0: never.</summary>
    [Setting("imagination_patience", "[0, 100000000]",
        "fits without a better score after which imagination ends; 0: never")]
    public int Patience { get; init; }

    /// <summary>Error of the dynamics over l steps, in standard deviations, above which they rest; 0: none.</summary>
    [Setting("imagination_error_limit", "[0, 1e9]",
        "error of the dynamics over l steps, in standard deviations, above which they rest; 0: none")]
    public double ErrorLimit { get; init; } = 1;

    /// <summary>Coordinates of the fitted dynamics.</summary>
    [Setting("dynamics_coordinates", "", "coordinates of the fitted dynamics")]
    public DynamicsCoordinates Coordinates { get; init; } = DynamicsCoordinates.State;

    /// <summary>What imagination's linear dynamics are a model of; a planner's are always of the batch.</summary>
    [Setting("dynamics_around", "",
        "what imagination's linear dynamics are a model of; a planner's are always of the batch")]
    public LinearisationPoint Around { get; init; } = LinearisationPoint.Batch;

    /// <summary>Prior of the fit.</summary>
    [Setting("dynamics_prior", "", "prior of the fit")]
    public DynamicsPrior Prior { get; init; } = DynamicsPrior.Mixture;

    /// <summary>Samples that the prior counts for.</summary>
    [Setting("prior_strength", "(0, 1e9]",
        "samples that the prior counts for", "Levine and Abbeel: 1; with 20 no fit to five episodes was far off.")]
    public double PriorStrength { get; init; } = 20;

    /// <summary>Recent episodes N that the prior is fitted to.</summary>
    [Setting("prior_episodes", "[1, 10000]", "recent episodes N that the prior is fitted to")]
    public int PriorEpisodes { get; init; } = 20;

    /// <summary>Ridge of the fit, on standardised entries.</summary>
    [Setting("dynamics_ridge", "[1e-14, 1e6]", "ridge of the fit, on standardised entries")]
    public double Ridge { get; init; } = 1e-6;

    /// <summary>Updates of the network dynamics at each fit.</summary>
    [Setting("network_updates", "[1, 100000000]", "updates of the network dynamics at each fit", "Paper: open.")]
    public int NetworkUpdates { get; init; } = 2000;

    /// <summary>Clusters of initial states, each with dynamics of its own.</summary>
    [Setting("initial_states", "[1, 64]",
        "clusters of initial states, each with dynamics of its own", "Paper, section 5.3.")]
    public int InitialStates { get; init; } = 1;
}
