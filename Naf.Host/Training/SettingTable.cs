namespace Naf.Host;

/// <summary>Every key of the settings, in the order in which config.yaml lists them.</summary>
public static class SettingTable
{
    /// <summary>The keys.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text("algorithm", "an algorithm of this version; use naf", "the learning algorithm", s => s.Algorithm, (s, v) => v == "naf" ? s with { Algorithm = v } : null),
        Setting.Integer("episodes", 1, 100_000_000, "training episodes of each learner", s => s.Episodes, (s, v) => s with { Episodes = v }),
        Setting.Seed("seed", "seed of learner 0; learner k has seed + k", s => s.Seed, (s, v) => s with { Seed = v }),
        Setting.Integer("learners", 1, 4096, "learners that train side by side", s => s.Learners, (s, v) => s with { Learners = v }),

        Setting.Integer("batch_size", 1, 65536, "transitions in a minibatch", s => s.Naf.BatchSize, (s, v) => With(s, s.Naf with { BatchSize = v })),
        Setting.Number("gamma", "[0, 1]", "discount", s => s.Naf.Gamma, (s, v) => With(s, s.Naf with { Gamma = v })),
        Setting.Number("tau", "(0, 1]", "share of the new weights in the target network at each update", s => s.Naf.Tau, (s, v) => With(s, s.Naf with { Tau = v })),
        Setting.Number("learning_rate", "(0, 1]", "step size of Adam", s => s.Naf.LearningRate, (s, v) => With(s, s.Naf with { LearningRate = v })),
        Setting.Integer("updates_per_step", 0, 10_000, "updates after each step of the environment", s => s.Naf.UpdatesPerStep, (s, v) => With(s, s.Naf with { UpdatesPerStep = v })),
        Setting.Sizes("hidden", "units of each hidden layer", s => s.Naf.Hidden, (s, v) => With(s, s.Naf with { Hidden = v })),
        Setting.Flag("shared_trunk", "whether V, μ and L share their hidden layers", s => s.Naf.SharedTrunk, (s, v) => With(s, s.Naf with { SharedTrunk = v })),
        Setting.Flag("batch_norm", "batch normalisation of the hidden layers", s => s.Naf.BatchNorm, (s, v) => With(s, s.Naf with { BatchNorm = v })),
        Setting.Number("reward_scale", "(0, 1e9]", "factor on the reward inside the learner", s => s.Naf.RewardScale, (s, v) => With(s, s.Naf with { RewardScale = v })),
        Setting.Number("clip_norm", "[0, 1e9]", "largest norm of the gradient; 0: no limit", s => s.Naf.ClipNorm, (s, v) => With(s, s.Naf with { ClipNorm = v })),
        Setting.Integer("replay_capacity", 1, 1_000_000_000, "transitions that the replay buffer holds", s => s.Naf.ReplayCapacity, (s, v) => With(s, s.Naf with { ReplayCapacity = v })),
        Setting.Integer("warmup_steps", 0, 1_000_000_000, "transitions before updates begin; 0: one minibatch", s => s.Naf.WarmupSteps, (s, v) => With(s, s.Naf with { WarmupSteps = v })),
        Setting.Number("log_diagonal_bound", "(0, 20]", "bound on the logarithm of L's diagonal", s => s.Naf.LogDiagonalBound, (s, v) => With(s, s.Naf with { LogDiagonalBound = v })),
        Setting.Number("head_scale", "[0, 10]", "factor on the initial weights of the output layers", s => s.Naf.HeadScale, (s, v) => With(s, s.Naf with { HeadScale = v })),

        Setting.Number("noise_theta", "[0, 1]", "pull of the exploration noise towards 0", s => s.Exploration.Theta, (s, v) => With(s, s.Exploration with { Theta = v })),
        Setting.Number("noise_sigma", "[0, 100]", "random part of the exploration noise", s => s.Exploration.Sigma, (s, v) => With(s, s.Exploration with { Sigma = v })),
        Setting.Number("noise_scale", "[0, 100]", "factor on the exploration noise", s => s.Exploration.Scale, (s, v) => With(s, s.Exploration with { Scale = v })),

        Setting.Integer("test_every", 1, 100_000_000, "episodes from one test to the next", s => s.TestEvery, (s, v) => s with { TestEvery = v }),
        Setting.Integer("test_episodes", 1, 1_000_000, "episodes of a test", s => s.TestEpisodes, (s, v) => s with { TestEpisodes = v }),
        Setting.Seed("test_seed", "seed of the starts of test episodes", s => s.TestSeed, (s, v) => s with { TestSeed = v }),
        Setting.Integer("checkpoint_every", 1, 100_000_000, "episodes from one checkpoint to the next", s => s.CheckpointEvery, (s, v) => s with { CheckpointEvery = v }),
        Setting.Text("device", "auto, cpu, cuda:N or opencl:N", "where the learners live", s => s.Device, (s, v) => v.Length > 0 ? s with { Device = v } : null),
        Setting.Integer("threads", 0, 256, "threads of the CPU; 0: one per core", s => s.Threads, (s, v) => s with { Threads = v }),
    ];

    /// <summary>The keys' names.</summary>
    public static IEnumerable<string> Keys => All.Select(s => s.Key);

    /// <summary>A key's setting, or null.</summary>
    public static Setting? Find(string key) => All.FirstOrDefault(s => s.Key == key);

    private static TrainingSettings With(TrainingSettings s, NafSettings naf) => s with { Naf = naf };

    private static TrainingSettings With(TrainingSettings s, ExplorationSettings exploration) => s with { Exploration = exploration };
}
