using System.CommandLine;
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
    /// <summary>Seed of the starts: --seed, else the run's test_seed, else its default.</summary>
    public ulong Seed(ParseResult parsed) => parsed.Seed((Config?.Settings ?? new TrainingSettings()).TestSeed);

    /// <summary>The policy: --policy, else the run's, else the random one.</summary>
    /// <exception cref="UserException">There is no such policy.</exception>
    public string Policy(ParseResult parsed) => parsed.Given("--policy") switch
    {
        null => Config is null ? "random" : "run",
        ("run" or "random" or "zero" or "mpc") and var known => known,
        var text => throw new UserException($"--policy {text}: expected run, random, zero or mpc"),
    };

    /// <summary>The run of a policy "run".</summary>
    /// <exception cref="UserException">A task was named.</exception>
    public RunConfig Run => Config ?? throw new UserException(
        $"--policy run needs a run's folder, and {Name} is a task; train first (naf train {Name}), or use --policy random");

    /// <summary>Looks at what the user named.</summary>
    /// <exception cref="UserException">A folder that holds no run.</exception>
    public static PolicyTarget Of(ParseResult parsed)
    {
        string name = Path.TrimEndingDirectorySeparator(parsed.Given("RUN|TASK")!);
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

    /// <summary>The learner that --learner chooses.</summary>
    /// <param name="policy">The policy that is played.</param>
    /// <returns>Null where the policy is not a run's.</returns>
    /// <exception cref="UserException">The run has no such learner, or the policy is not a run's.</exception>
    public int? Learner(ParseResult parsed, string policy)
    {
        if (policy != "run")
            return parsed.Given("--learner") is { } text
                ? throw new UserException($"--learner {text} chooses a policy of a run; it goes with --policy run") : null;
        int most = Run.Settings.Learners - 1, learner = parsed.Integer("--learner", 0, 0);
        if (learner <= most) return learner;
        throw new UserException($"--learner {learner}: the run has " + (most == 0 ? "1 learner: 0" : $"{most + 1} learners: 0 to {most}"));
    }
}
