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

        // tests, checkpoints, the machine
        Setting.Integer("test_every", 1, Many, "episodes between tests", s => s.TestEvery, (s, v) => s with { TestEvery = v }),
        Setting.Integer("test_episodes", 1, Million, "episodes of a test", s => s.TestEpisodes, (s, v) => s with { TestEpisodes = v }),
        Setting.Seed("test_seed", "seed of the starts of test episodes", s => s.TestSeed, (s, v) => s with { TestSeed = v }),
        Setting.Integer(
            "checkpoint_every", 1, Many, "episodes between checkpoints", s => s.CheckpointEvery, (s, v) => s with { CheckpointEvery = v }),
        Setting.Text(
            "device", "auto, cpu, cuda:N or opencl:N", "where the learners live",
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

    private static Setting Noise(
        string key, string interval, string meaning,
        Func<ExplorationSettings, double> get, Func<ExplorationSettings, double, ExplorationSettings> with) =>
        Setting.Number(key, interval, meaning, s => get(s.Exploration), (s, v) => s with { Exploration = with(s.Exploration, v) });
}
