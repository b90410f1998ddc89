namespace Naf.Host;

/// <summary>Every key of the settings, in the order in which config.yaml lists them.</summary>
public static class SettingTable
{
    private const int Million = 1_000_000, Many = 100 * Million;

    /// <summary>The keys.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        // the run
        Setting.Text(
            "algorithm", "naf, the only one of this version", "the learning algorithm",
            s => s.Algorithm, (s, v) => v == "naf" ? s with { Algorithm = v } : null),
        Setting.Integer("episodes", 1, Many, "training episodes of each learner", s => s.Episodes, (s, v) => s with { Episodes = v }),
        Setting.Seed("seed", "seed of learner 0; learner k has seed + k", s => s.Seed, (s, v) => s with { Seed = v }),
        Setting.Integer("learners", 1, 4096, "learners that train side by side", s => s.Learners, (s, v) => s with { Learners = v }),

        // the learner
        Naf("batch_size", 1, 65536, "transitions in a minibatch", n => n.BatchSize, (n, v) => n with { BatchSize = v }),
        Naf("gamma", "[0, 1]", "discount", n => n.Gamma, (n, v) => n with { Gamma = v }),
        Naf("tau", "(0, 1]", "share of the new weights in the target network at each update", n => n.Tau, (n, v) => n with { Tau = v }),
        Naf("learning_rate", "(0, 1]", "step size of Adam", n => n.LearningRate, (n, v) => n with { LearningRate = v }),
        Naf("updates_per_step", 0, 10_000, "updates after each step", n => n.UpdatesPerStep, (n, v) => n with { UpdatesPerStep = v }),
        Setting.Sizes("hidden", "units of each hidden layer", s => s.Naf.Hidden, (s, v) => s with { Naf = s.Naf with { Hidden = v } }),
        Naf("shared_trunk", "whether V, μ and L share their hidden layers", n => n.SharedTrunk, (n, v) => n with { SharedTrunk = v }),
        Naf("batch_norm", "batch normalisation of the hidden layers", n => n.BatchNorm, (n, v) => n with { BatchNorm = v }),
        Naf("reward_scale", "(0, 1e9]", "factor on the reward inside the learner", n => n.RewardScale, (n, v) => n with { RewardScale = v }),
        Naf("clip_norm", "[0, 1e9]", "largest norm of the gradient; 0: no limit", n => n.ClipNorm, (n, v) => n with { ClipNorm = v }),
        Naf("replay_capacity", 1, 10 * Many, "transitions that the replay holds", n => n.ReplayCapacity, (n, v) => n with { ReplayCapacity = v }),
        Naf("warmup_steps", 0, 10 * Many, "transitions before updates; 0: a minibatch", n => n.WarmupSteps, (n, v) => n with { WarmupSteps = v }),
        Naf("log_diagonal_bound", "(0, 20]", "bound on the log of L's diagonal", n => n.LogDiagonalBound, (n, v) => n with { LogDiagonalBound = v }),
        Naf("head_scale", "[0, 10]", "factor on the initial weights of the output layers", n => n.HeadScale, (n, v) => n with { HeadScale = v }),

        // its exploration
        Noise("noise_theta", "[0, 1]", "pull of the exploration noise towards 0", n => n.Theta, (n, v) => n with { Theta = v }),
        Noise("noise_sigma", "[0, 100]", "random part of the exploration noise", n => n.Sigma, (n, v) => n with { Sigma = v }),
        Noise("noise_scale", "[0, 100]", "factor on the exploration noise", n => n.Scale, (n, v) => n with { Scale = v }),

        // imagination, and the dynamics that it shares with iLQG
        Imagine(
            "imagination", "off, fitted, true or network", "dynamics in which imagination rolls out",
            i => i.Kind, (i, v) => i with { Kind = v }),
        Imagine("refit_episodes", 1, 1000, "episodes between fits of the dynamics", i => i.RefitEpisodes, (i, v) => i with { RefitEpisodes = v }),
        Imagine("imagined_steps", 1, 1000, "steps of an imagined rollout", i => i.Steps, (i, v) => i with { Steps = v }),
        Imagine("imagined_starts", 1, 65536, "rollouts begun every so many steps", i => i.Starts, (i, v) => i with { Starts = v }),
        Imagine(
            "imagined_updates", 0, 10_000, "updates from imagined transitions after each step; 0: updates_per_step times imagined_steps",
            i => i.Updates, (i, v) => i with { Updates = v }),
        Imagine("imagined_noise", "[0, 10]", "standard deviation of the noise on imagined actions", i => i.Noise, (i, v) => i with { Noise = v }),
        Imagine("imagined_sampled", "draw imagined states, not their means", i => i.SampleDynamics, (i, v) => i with { SampleDynamics = v }),
        Imagine("imagined_range", "(0, 1e9]", "ranges beyond the data at which a rollout is cut", i => i.Range, (i, v) => i with { Range = v }),
        Imagine("imagined_clear", "forget imagined transitions at each fit", i => i.Clear, (i, v) => i with { Clear = v }),
        Imagine(
            "imagined_capacity", 0, Many, "imagined transitions that are kept; 0: those between two fits",
            i => i.Capacity, (i, v) => i with { Capacity = v }),
        Imagine(
            "imagined_from_replay", "control: real transitions in place of imagined ones",
            i => i.FromReplay, (i, v) => i with { FromReplay = v }),
        Imagine("imagined_shifted", "control: dynamics of the wrong phase", i => i.ShiftedTime, (i, v) => i with { ShiftedTime = v }),
        Imagine(
            "imagination_off_after", 0, Many, "episodes after which imagination ends; 0: never",
            i => i.OffAfter, (i, v) => i with { OffAfter = v }),
        Imagine(
            "imagination_patience", 0, Many, "fits without a better score after which imagination ends; 0: never",
            i => i.Patience, (i, v) => i with { Patience = v }),
        Imagine(
            "imagination_error_limit", "[0, 1e9]", "error of the dynamics, in standard deviations, above which they rest; 0: none",
            i => i.ErrorLimit, (i, v) => i with { ErrorLimit = v }),
        Imagine(
            "dynamics_coordinates", "state or observation", "coordinates of the fitted dynamics: state or observation",
            i => i.Coordinates, (i, v) => i with { Coordinates = v }),
        Imagine(
            "dynamics_around", "batch or episode", "of what imagination's linear dynamics are a model: batch or each episode",
            i => i.Around, (i, v) => i with { Around = v }),
        Imagine(
            "dynamics_prior", "none, gaussian or mixture", "prior of the fit: none, gaussian or mixture",
            i => i.Prior, (i, v) => i with { Prior = v }),
        Imagine("prior_strength", "(0, 1e9]", "samples that the prior counts for", i => i.PriorStrength, (i, v) => i with { PriorStrength = v }),
        Imagine(
            "prior_episodes", 1, 10_000, "recent episodes that the prior is fitted to",
            i => i.PriorEpisodes, (i, v) => i with { PriorEpisodes = v }),
        Imagine("dynamics_ridge", "[1e-14, 1e6]", "ridge of the fit", i => i.Ridge, (i, v) => i with { Ridge = v }),
        Imagine(
            "network_updates", 1, Many, "updates of the network dynamics at each fit",
            i => i.NetworkUpdates, (i, v) => i with { NetworkUpdates = v }),
        Imagine(
            "initial_states", 1, 64, "clusters of initial states, each with dynamics of its own",
            i => i.InitialStates, (i, v) => i with { InitialStates = v }),

        // planned episodes
        Setting.Choice(
            "plan", "none, ilqg or mpc", "who plans the planned episodes",
            s => s.Plan.Kind, (s, v) => s with { Plan = s.Plan with { Kind = v } }),
        Plan("plan_fraction", "[0, 1]", "share of the episodes that are planned", p => p.Fraction, (p, v) => p with { Fraction = v }),
        Ilqg(
            "ilqg_kl_step", "(0, 1e6]", "iLQG: nats a step that a new controller may be from the data's",
            i => i.KlStep, (i, v) => i with { KlStep = v }),
        Ilqg(
            "ilqg_entropy", "[0, 1e9]", "iLQG: weight c of the entropy of its actions",
            i => i.EntropyWeight, (i, v) => i with { EntropyWeight = v }),
        Ilqg("ilqg_least_noise", "[0, 10]", "iLQG: least standard deviation of its actions", i => i.LeastNoise, (i, v) => i with { LeastNoise = v }),
        Ilqg("ilqg_most_noise", "(0, 100]", "iLQG: largest standard deviation of its actions", i => i.MostNoise, (i, v) => i with { MostNoise = v }),
        Plan(
            "mpc_horizon", "(0, 100]", "MPC: seconds that it looks ahead",
            p => p.Mpc.HorizonSeconds, (p, v) => p with { Mpc = p.Mpc with { HorizonSeconds = v } }),
        Mpc("mpc_iterations", 1, 1000, "MPC: iterations at each step", m => m.Iterations, (m, v) => m with { Iterations = v }),
        Mpc(
            "mpc_samples", 0, 100_000, "MPC: random changes of the plan that are tried beside iLQG's",
            m => m.Samples, (m, v) => m with { Samples = v }),

        // tests, checkpoints, the machine
        Setting.Integer("test_every", 1, Many, "episodes between tests", s => s.TestEvery, (s, v) => s with { TestEvery = v }),
        Setting.Integer("test_episodes", 1, Million, "episodes of a test", s => s.TestEpisodes, (s, v) => s with { TestEpisodes = v }),
        Setting.Seed("test_seed", "seed of the starts of test episodes", s => s.TestSeed, (s, v) => s with { TestSeed = v }),
        Setting.Integer(
            "checkpoint_every", 1, Many, "episodes between checkpoints", s => s.CheckpointEvery, (s, v) => s with { CheckpointEvery = v }),
        Setting.Text(
            "device", "auto, cpu, cuda:N, opencl:N or emulated", "where the learners live",
            s => s.Device, (s, v) => v.Length > 0 ? s with { Device = v } : null),
        Setting.Integer("threads", 0, 256, "threads of the CPU; 0: one per core", s => s.Threads, (s, v) => s with { Threads = v }),
    ];

    /// <summary>The keys' names.</summary>
    public static IEnumerable<string> Keys => All.Select(s => s.Key);

    /// <summary>A key's setting, or null.</summary>
    public static Setting? Find(string key) => All.FirstOrDefault(s => s.Key == key);

    private static Setting Naf(
        string key, string interval, string meaning, Func<NafSettings, double> get, Func<NafSettings, double, NafSettings> with) =>
        Setting.Number(key, interval, meaning, s => get(s.Naf), (s, v) => s with { Naf = with(s.Naf, v) });

    private static Setting Naf(
        string key, int least, int most, string meaning, Func<NafSettings, int> get, Func<NafSettings, int, NafSettings> with) =>
        Setting.Integer(key, least, most, meaning, s => get(s.Naf), (s, v) => s with { Naf = with(s.Naf, v) });

    private static Setting Naf(string key, string meaning, Func<NafSettings, bool> get, Func<NafSettings, bool, NafSettings> with) =>
        Setting.Flag(key, meaning, s => get(s.Naf), (s, v) => s with { Naf = with(s.Naf, v) });

    private static Setting Imagine<T>(
        string key, string expected, string meaning, Func<ImaginationSettings, T> get, Func<ImaginationSettings, T, ImaginationSettings> with)
        where T : struct, Enum =>
        Setting.Choice(key, expected, meaning, s => get(s.Imagination), (s, v) => s with { Imagination = with(s.Imagination, v) });

    private static Setting Imagine(
        string key, string interval, string meaning,
        Func<ImaginationSettings, double> get, Func<ImaginationSettings, double, ImaginationSettings> with) =>
        Setting.Number(key, interval, meaning, s => get(s.Imagination), (s, v) => s with { Imagination = with(s.Imagination, v) });

    private static Setting Imagine(
        string key, int least, int most, string meaning,
        Func<ImaginationSettings, int> get, Func<ImaginationSettings, int, ImaginationSettings> with) =>
        Setting.Integer(key, least, most, meaning, s => get(s.Imagination), (s, v) => s with { Imagination = with(s.Imagination, v) });

    private static Setting Imagine(
        string key, string meaning, Func<ImaginationSettings, bool> get, Func<ImaginationSettings, bool, ImaginationSettings> with) =>
        Setting.Flag(key, meaning, s => get(s.Imagination), (s, v) => s with { Imagination = with(s.Imagination, v) });

    private static Setting Plan(
        string key, string interval, string meaning, Func<PlanSettings, double> get, Func<PlanSettings, double, PlanSettings> with) =>
        Setting.Number(key, interval, meaning, s => get(s.Plan), (s, v) => s with { Plan = with(s.Plan, v) });

    private static Setting Mpc(
        string key, int least, int most, string meaning, Func<MpcSettings, int> get, Func<MpcSettings, int, MpcSettings> with) =>
        Setting.Integer(
            key, least, most, meaning, s => get(s.Plan.Mpc), (s, v) => s with { Plan = s.Plan with { Mpc = with(s.Plan.Mpc, v) } });

    private static Setting Ilqg(
        string key, string interval, string meaning, Func<IlqgSettings, double> get, Func<IlqgSettings, double, IlqgSettings> with) =>
        Plan(key, interval, meaning, p => get(p.Ilqg), (p, v) => p with { Ilqg = with(p.Ilqg, v) });

    private static Setting Noise(
        string key, string interval, string meaning,
        Func<ExplorationSettings, double> get, Func<ExplorationSettings, double, ExplorationSettings> with) =>
        Setting.Number(key, interval, meaning, s => get(s.Exploration), (s, v) => s with { Exploration = with(s.Exploration, v) });
}
