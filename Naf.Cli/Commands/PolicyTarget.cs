using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary>RUN|TASK, as commands that play episodes take it, and what follows from it.</summary>
/// <param name="Name">What the user named.</param>
/// <param name="Config">The run's config.yaml; null for a task.</param>
internal sealed record PolicyTarget(string Name, RunConfig? Config)
{
    /// <summary>Seed of the starts: <paramref name="text"/>, else the run's test_seed, else its default.</summary>
    public ulong Seed(string? text) => OptionValue.Seed("--seed", text, Config?.Settings.TestSeed ?? new TrainingSettings().TestSeed);

    /// <summary>The policy: <paramref name="text"/>, else the run's, else the random one.</summary>
    /// <exception cref="UserException">There is no such policy.</exception>
    public string Policy(string? text) => text switch
    {
        null => Config is null ? "random" : "run",
        "run" or "random" or "zero" or "mpc" => text,
        _ => throw new UserException($"--policy {text}: expected run, random, zero or mpc"),
    };

    /// <summary>The run of a policy "run".</summary>
    /// <exception cref="UserException">A task was named.</exception>
    public RunConfig Run => Config ?? throw new UserException(
        $"--policy run needs a run's folder, and {Name} is a task; train first (naf train {Name}), or use --policy random");

    /// <summary>Looks at what the user named.</summary>
    /// <exception cref="UserException">A folder that holds no run.</exception>
    public static PolicyTarget Of(string runOrTask)
    {
        string name = Path.TrimEndingDirectorySeparator(runOrTask);
        if (RunFolder.IsRun(name)) return new PolicyTarget(name, RunConfig.Read(RunFolder.ConfigOf(name)));
        return Directory.Exists(name)
            ? throw new UserException($"{name} is not a run's folder: it has no config.yaml; name a run's folder or a task")
            : new PolicyTarget(name, null);
    }

    /// <summary>Settings of the planner: the run's, else the task's, with what was given on top.</summary>
    /// <param name="task">The task.</param>
    /// <param name="set">KEY=VALUE, as --set takes it.</param>
    /// <exception cref="UserException">An unknown key, or a bad value.</exception>
    public MpcSettings Planner(ControlTask task, IEnumerable<string> set)
    {
        IEnumerable<GivenValue> before = Config is { } run
            ? GivenValue.Of(run.Settings, RunFolder.ConfigOf(Name))
            : GivenValue.Of(task);
        return SettingsResolver.Resolve([.. before, .. set.Select(SettingsResolver.Split)]).Plan.Mpc;
    }

    /// <summary>Loads the task.</summary>
    public ControlTask Load() => ControlTask.Load(Config?.Task ?? Name);

    /// <summary>The learner that an option chooses.</summary>
    /// <param name="text">The option's value.</param>
    /// <param name="policy">The policy that is played.</param>
    /// <returns>Null where the policy is not a run's.</returns>
    /// <exception cref="UserException">The run has no such learner, or the policy is not a run's.</exception>
    public int? Learner(string? text, string policy)
    {
        if (policy != "run")
            return text is null ? null : throw new UserException($"--learner {text} chooses a policy of a run; it goes with --policy run");
        int most = Run.Settings.Learners - 1, learner = OptionValue.Integer("--learner", text, 0, 0);
        if (learner <= most) return learner;
        throw new UserException($"--learner {learner}: the run has " + (most == 0 ? "1 learner: 0" : $"{most + 1} learners: 0 to {most}"));
    }
}
