namespace Naf.Host;

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

/// <summary>In which coordinates the dynamics are fitted.</summary>
public enum DynamicsCoordinates
{
    /// <summary>The simulator's state, angles unwrapped, with the observation recomputed exactly.</summary>
    State,
    /// <summary>The observation itself, as the paper describes it; for comparison.</summary>
    Observation,
}

/// <summary>Of what the dynamics are a linearisation.</summary>
public enum DynamicsAround
{
    /// <summary>One model of the n episodes of B (paper, section 5.3).</summary>
    Batch,
    /// <summary>A model of each episode of B, which passes through it: f_t is such that F_t [s; u] + f_t is the episode's own s′.</summary>
    Episode,
}

/// <summary>What the fit of a few episodes leans on.</summary>
public enum DynamicsPrior
{
    /// <summary>Nothing but the ridge.</summary>
    None,
    /// <summary>One Gaussian of all recent samples.</summary>
    Gaussian,
    /// <summary>A mixture of Gaussians of all recent samples (Levine and Abbeel 2014).</summary>
    Mixture,
}

/// <summary>Imagination rollouts (paper, section 5 and Algorithm 2), and the dynamics that they and iLQG share.</summary>
public sealed record ImaginationSettings
{
    /// <summary>Where to imagine.</summary>
    public ImaginationKind Kind { get; init; } = ImaginationKind.Off;

    /// <summary>Episodes n from one fit of the dynamics to the next, and in each. Paper, section 5.3: 5.</summary>
    public int RefitEpisodes { get; init; } = 5;

    /// <summary>Steps l of a rollout. Paper, section 6: 10 on the reacher, 5 on the gripper.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>States m of B_old from which rollouts start, every m steps. Paper, Algorithm 2: the size of a minibatch.</summary>
    public int Starts { get; init; } = 64;

    /// <summary>Updates from R_f after each step; 0: I · l, the paper's.</summary>
    public int Updates { get; init; }

    /// <summary>
    /// Standard deviation σ of the noise on imagined actions, u = clip(μ(x) + σ ε). Paper: open; about where the exploration noise settles (0.57).
    /// </summary>
    public double Noise { get; init; } = 0.6;

    /// <summary>Whether s′ is drawn from the fitted Gaussian; otherwise it is its mean.</summary>
    public bool SampleDynamics { get; init; } = true;

    /// <summary>A rollout is cut where a state leaves the recent data's range by more than this times the range. Paper: open.</summary>
    public double Range { get; init; } = 0.5;

    /// <summary>Whether R_f is emptied when the dynamics are refitted.</summary>
    public bool Clear { get; init; } = true;

    /// <summary>Imagined transitions that R_f holds; 0: those of one refit to the next, n · T · l.</summary>
    public int Capacity { get; init; }

    /// <summary>Control: the same updates from R in place of R_f.</summary>
    public bool FromReplay { get; init; }

    /// <summary>Control: imagine with the dynamics of the phase half an episode away.</summary>
    public bool ShiftedTime { get; init; }

    /// <summary>Episodes after which imagination ends; 0: never. Paper, section 6.3: 130 on the gripper.</summary>
    public int OffAfter { get; init; }

    /// <summary>Refits without a better score after which imagination ends; 0: never (<see cref="ImaginationSwitch"/>).</summary>
    public int Patience { get; init; }

    /// <summary>Error over l steps, in standard deviations, above which the model is not used; 0: no limit.</summary>
    public double ErrorLimit { get; init; } = 1;

    /// <summary>The coordinates of the fit.</summary>
    public DynamicsCoordinates Coordinates { get; init; } = DynamicsCoordinates.State;

    /// <summary>Of what the dynamics in which imagination rolls out are a linearisation; a planner's are always of the batch.</summary>
    public DynamicsAround Around { get; init; } = DynamicsAround.Batch;

    /// <summary>The prior of the fit.</summary>
    public DynamicsPrior Prior { get; init; } = DynamicsPrior.Mixture;

    /// <summary>Samples that the prior counts for. Levine and Abbeel: 1; with 20 no fit to five episodes was far off.</summary>
    public double PriorStrength { get; init; } = 20;

    /// <summary>Recent episodes N to which the prior is fitted.</summary>
    public int PriorEpisodes { get; init; } = 20;

    /// <summary>Ridge of the fit, on standardised entries.</summary>
    public double Ridge { get; init; } = 1e-6;

    /// <summary>Updates of the network dynamics at each fit. Paper: open.</summary>
    public int NetworkUpdates { get; init; } = 2000;

    /// <summary>Gaussians of which the initial states are a mixture, each with dynamics of its own (paper, section 5.3).</summary>
    public int InitialStates { get; init; } = 1;
}
