namespace Naf.Host;

/// <summary>Everything that a training run can be told, beside its task. Immutable; the defaults are the paper's where it gives a value.</summary>
public sealed record TrainingSettings
{
    /// <summary>The learning algorithm; only <c>naf</c> so far.</summary>
    public string Algorithm { get; init; } = "naf";

    /// <summary>Training episodes M of each learner. Paper, Table 1: 130 to 2,400, by task.</summary>
    public int Episodes { get; init; } = 150;

    /// <summary>Seed A of learner 0; learner k has seed A + k.</summary>
    public ulong Seed { get; init; }

    /// <summary>Learners P that train side by side, each on its own environment.</summary>
    public int Learners { get; init; } = 1;

    /// <summary>Episodes from one test to the next; a test also comes before the first episode and after the last.</summary>
    public int TestEvery { get; init; } = 10;

    /// <summary>Episodes of a test: without noise, from the same starts at every test of every learner.</summary>
    public int TestEpisodes { get; init; } = 20;

    /// <summary>Seed of the starts of test episodes, the same for all learners.</summary>
    public ulong TestSeed { get; init; } = 1000;

    /// <summary>Episodes from one checkpoint to the next.</summary>
    public int CheckpointEvery { get; init; } = 10;

    /// <summary>Where the learners live: <c>auto</c>, <c>cpu</c>, <c>cuda:N</c> or <c>opencl:N</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads of the CPU in use; 0: one per core. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>The learner.</summary>
    public NafSettings Naf { get; init; } = new();

    /// <summary>Its exploration.</summary>
    public ExplorationSettings Exploration { get; init; } = new();

    /// <summary>Its imagination.</summary>
    public ImaginationSettings Imagination { get; init; } = new();

    /// <summary>Its planned episodes.</summary>
    public PlanSettings Plan { get; init; } = new();

    /// <summary>Updates from R_f after each step while a learner imagines.</summary>
    public int ImaginedUpdates => Imagination.Updates > 0 ? Imagination.Updates : Naf.UpdatesPerStep * Imagination.Steps;

    /// <summary>Seed of learner <paramref name="learner"/>.</summary>
    public ulong SeedOf(int learner) => unchecked(Seed + (ulong)learner);
}
