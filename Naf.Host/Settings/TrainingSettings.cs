using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>The learning algorithms.</summary>
public enum LearningAlgorithm
{
    /// <summary>Q-learning with normalized advantage functions (paper, section 4).</summary>
    Naf,

    /// <summary>Deep deterministic policy gradients (Lillicrap et al. 2016), the paper's baseline.</summary>
    Ddpg,
}

/// <summary>What becomes of an episode whose simulation breaks down.</summary>
public enum UnstableSimulation
{
    /// <summary>It ends in a terminal state, as a failure.</summary>
    Fail,

    /// <summary>It ends there; the step that failed is left out, and so is the episode's score.</summary>
    Drop,

    /// <summary>The learner stops.</summary>
    Stop,
}

/// <summary>
/// All settings of a training run besides its task. Immutable; the defaults are the paper's where it gives a value.
/// </summary>
/// <remarks>Each <see cref="SettingAttribute"/> has a key, range, meaning and source of its default.</remarks>
public sealed record TrainingSettings
{
    /// <summary>The learning algorithm.</summary>
    [Setting("algorithm", "", "the learning algorithm", "Lillicrap et al.'s DDPG is the paper's baseline.")]
    public LearningAlgorithm Algorithm { get; init; } = LearningAlgorithm.Naf;

    /// <summary>Training episodes M of each learner.</summary>
    [Setting("episodes", "[1, 100000000]",
        "training episodes M of each learner", "Paper, Table 1: 130 to 2,400, by task.")]
    public int Episodes { get; init; } = 150;

    /// <summary>Seed of learner 0; learner k has seed + k.</summary>
    [Setting("seed", "", "seed of learner 0; learner k has seed + k")]
    public ulong Seed { get; init; }

    /// <summary>Learners that train side by side, each on its own environment.</summary>
    [Setting("learners", "[1, 4096]", "learners that train side by side, each on its own environment")]
    public int Learners { get; init; } = 1;

    /// <summary>The hyper-parameters of each learner.</summary>
    public LearnerSettings Learner { get; init; } = new();

    /// <summary>Its exploration.</summary>
    public ExplorationSettings Exploration { get; init; } = new();

    /// <summary>Its imagination.</summary>
    public ImaginationSettings Imagination { get; init; } = new();

    /// <summary>Its planned episodes.</summary>
    public PlanSettings Plan { get; init; } = new();

    /// <summary>What becomes of an episode whose simulation breaks down.</summary>
    [Setting("unstable_simulation", "", "what becomes of an episode whose simulation breaks down",
        "fail: each step that is left counts with the lowest reward so far, at most 0, also in tests. drop: the step "
        + "and the episode's score are left out. stop: the learner stops.")]
    public UnstableSimulation UnstableSimulation { get; init; } = UnstableSimulation.Fail;

    /// <summary>Episodes between tests.</summary>
    [Setting("test_every", "[1, 100000000]",
        "episodes between tests", "A test also comes before the first episode and after the last.", Basic = true)]
    public int TestEvery { get; init; } = 10;

    /// <summary>Episodes of a test.</summary>
    [Setting("test_episodes", "[1, 1000000]",
        "episodes of a test", "Without noise, from the same starts at every test of every learner.")]
    public int TestEpisodes { get; init; } = 20;

    /// <summary>Seed of the starts of test episodes.</summary>
    [Setting("test_seed", "", "seed of the starts of test episodes")]
    public ulong TestSeed { get; init; } = 1000;

    /// <summary>
    /// Episodes that score the best and the last policy at the end, from starts of their own; 0: none.
    /// </summary>
    [Setting("verification_episodes", "[0, 1000000]",
        "episodes that score the best and the last policy at the end, from starts of their own; 0: none",
        "The best test's score is the largest of many, which flatters its policy.")]
    public int VerificationEpisodes { get; init; } = 100;

    /// <summary>Episodes between checkpoints.</summary>
    [Setting("checkpoint_every", "[1, 100000000]", "episodes between checkpoints")]
    public int CheckpointEvery { get; init; } = 10;

    /// <summary>Seconds within which an environment's process (--env) must answer.</summary>
    [Setting("answer_timeout", "[1, 1000000]",
        "seconds within which an environment's process (--env) must answer", "A process can ask for more.")]
    public int AnswerTimeout { get; init; } = 30;

    /// <summary>Where the learners live.</summary>
    [Setting("device", "auto, cpu, cuda:N, opencl:N or emulated", "where the learners live")]
    public string Device { get; init; } = "auto";

    /// <summary>Threads of the CPU; 0: one per core.</summary>
    [Setting("threads", "[0, 256]", "threads of the CPU; 0: one per core", "Results do not depend on it.")]
    public int Threads { get; init; }

    /// <summary>Whether the run also writes event files for TensorBoard.</summary>
    [Setting("tensorboard", "", "whether the run also writes event files for TensorBoard",
        "What is in them: docs/runs.md. Results do not depend on it.")]
    public bool Tensorboard { get; init; }

    /// <summary>Updates from R_f after each step while a learner imagines.</summary>
    public int ImaginedUpdates =>
        Imagination.Updates > 0 ? Imagination.Updates : Learner.UpdatesPerStep * Imagination.Steps;

    /// <summary>Seed of learner <paramref name="learner"/>.</summary>
    public ulong SeedOf(int learner) => unchecked(Seed + (ulong)learner);
}
