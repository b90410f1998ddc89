using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Processes;
using Naf.Sim.Tasks;

namespace Naf.Cli.Commands;

/// <summary>The argument RUN|TASK or RUN of commands on policies, and the choices that depend on it.</summary>
internal sealed class PolicyTarget
{
    private readonly ParseResult _parsed;
    private readonly string? _environment;

    /// <summary>Reads the argument.</summary>
    /// <exception cref="UserException">The folder is not a run's.</exception>
    public PolicyTarget(ParseResult parsed)
    {
        _parsed = parsed;
        Command command = parsed.CommandResult.Command;
        _environment = command.Options.Any(o => o.Name == EnvironmentCommand.Option)
            ? parsed.Given(EnvironmentCommand.Option) : null;
        Name = Path.TrimEndingDirectorySeparator(parsed.Given(command.Arguments[0].Name) ?? _environment
            ?? throw new UserException($"naf {command.Name} needs a run's folder, a task, or --env COMMAND"));
        if (RunFolder.IsRun(Name)) Config = RunConfig.Read(RunFolder.ConfigOf(Name));
        else if (Directory.Exists(Name))
            throw new UserException(
                $"{Name} is not a run's folder: it has no config.yaml; name a run's folder or a task");
    }

    /// <summary>The run's folder or the task, as the user gave it.</summary>
    public string Name { get; }

    /// <summary>The run's config.yaml; null for a task.</summary>
    public RunConfig? Config { get; }

    /// <summary>Seed of the starts: --seed, else the run's test_seed, else its default.</summary>
    public ulong Seed => _parsed.Seed((Config?.Settings ?? new TrainingSettings()).TestSeed);

    /// <summary>The policy: --policy, else the run's last, else random.</summary>
    /// <exception cref="UserException">There is no such policy.</exception>
    public string Policy => _parsed.Given("--policy") switch
    {
        null => Config is null ? "random" : VerifiedPolicy.LastName,
        "run" => VerifiedPolicy.LastName, // its earlier name
        (VerifiedPolicy.BestName or VerifiedPolicy.LastName or "random" or "zero" or "mpc") and var known => known,
        var text => throw new UserException($"--policy {text}: expected last, best, random, zero or mpc"),
    };

    /// <summary>Whether the policy is a learner's of the run.</summary>
    public bool IsOfRun => Policy is VerifiedPolicy.BestName or VerifiedPolicy.LastName;

    /// <summary>The run, for a policy of a run.</summary>
    /// <exception cref="UserException">The user named a task.</exception>
    public RunConfig Run => Config ?? throw new UserException(
        $"--policy {_parsed.Given("--policy")} needs a run's folder, and {Name} is a task; train first "
        + $"(naf train {Name}), or use --policy random");

    /// <summary>The run, for what needs one.</summary>
    /// <param name="need">What needs it, for the message.</param>
    /// <exception cref="UserException">The user named a task, or a folder that is not there.</exception>
    public RunConfig RunFor(string need) => Config ?? throw new UserException(TaskLibrary.Has(Name)
        ? $"{need} needs a run's folder, and {Name} is a task; train first (naf train {Name})"
        : $"{need} needs a run's folder, and {Name} is none; name the folder that naf train printed");

    /// <summary>The learner selected by --learner; null if the policy is not a run's.</summary>
    /// <exception cref="UserException">The run has no such learner, or the policy is not a run's.</exception>
    public int? Learner
    {
        get
        {
            if (!IsOfRun)
                return _parsed.Given("--learner") is not { } text ? null : throw new UserException(
                    $"--learner {text} chooses a learner of a run; it goes with --policy last or best");
            int most = Run.Settings.Learners - 1, learner = _parsed.Integer("--learner", 0, 0);
            return learner <= most ? learner : throw new UserException($"--learner {learner}: the run has "
                + (most == 0 ? "1 learner: 0" : $"{most + 1} learners: 0 to {most}"));
        }
    }

    /// <summary>Opens the policy of <see cref="Learner"/> for the task.</summary>
    /// <exception cref="UserException">No checkpoint of the run has it.</exception>
    public RunPolicy Open(IControlTask? task, Terminal terminal, string device = "cpu") => RunPolicy.Open(
        task, Name, Run, Learner!.Value, terminal.Warn, Policy == VerifiedPolicy.BestName, device);

    /// <summary>Loads the task: of a run its own copy, or the one that --task names.</summary>
    /// <exception cref="UserException">The run's copy was changed, or the other task does not fit.</exception>
    public ControlTask Load(Terminal terminal)
    {
        string? other = _parsed.File("--task");
        if (Config is not null)
        {
            _parsed.RefuseModels("a run has a copy of its model");
            if (MujocoLibrary.Load().Version is var now && Config.Versions.Mujoco is var then && then != now)
                terminal.Warn($"MuJoCo was {then} when the run was made and is {now} now: scores may differ");
            return RunTask.Load(Name, Config, other, terminal.Warn);
        }
        return other is null ? ControlTask.Load(Name, _parsed.Models(Name)) : throw new UserException(
            $"--task {other} takes another task for a run's policy, and {Name} is a task; leave out either");
    }

    /// <summary>Loads the task as <see cref="Load"/> does, or starts the command of --env.</summary>
    /// <param name="stop">Ends a wait for the command without a limit.</param>
    /// <exception cref="UserException">The task does not fit, or --env is missing or one too many.</exception>
    public IControlTask LoadAny(Terminal terminal, CancellationToken stop)
    {
        if (EnvironmentCommand.Choose(_environment, Config) is not { } command) return Load(terminal);
        if (_parsed.File("--task") is { } other)
            throw new UserException($"--task {other} and --env COMMAND exclude each other; give one of them");
        if (Config is null && Name != command)
            throw new UserException($"--env COMMAND and the task '{Name}' exclude each other; give one of them");
        _parsed.RefuseModels("an environment of --env has no model");
        EnvironmentTask task = EnvironmentCommand.Open(
            command, Config?.Settings ?? new TrainingSettings(), stop, terminal.Warn);
        return Config is null || Config.Task == task.StoredName ? task : throw new UserException(
            $"the run trains {Config.Task}, not {task.StoredName}; give the environment that it was begun with");
    }

    /// <summary>Whether the environment is the program that started naf, of which there is one.</summary>
    public bool IsParent => _parsed.IsParentEnvironment();

    /// <summary>Threads that play episodes: --threads, or one for one environment; 0: one per core.</summary>
    /// <exception cref="UserException">There is one environment, and other threads were asked for.</exception>
    public int Threads
    {
        get
        {
            int threads = _parsed.Integer("--threads", IsParent ? 1 : 0, 0, 256);
            return !IsParent || threads == 1 ? threads : throw new UserException(
                $"--threads {threads}: {EnvironmentCommand.Option} {ProcessEnvironment.Parent} is one environment, "
                + "which one thread plays; leave it out");
        }
    }

    /// <summary>What becomes of an episode whose simulation breaks down: as the run has it, else the task.</summary>
    public UnstableSimulation UnstableSimulation(IControlTask task) => SettingsFor(task).UnstableSimulation;

    /// <summary>Planner settings: the run's, else the task's, overridden by <paramref name="set"/>.</summary>
    /// <param name="set">KEY=VALUE, as in --set.</param>
    /// <exception cref="UserException">An unknown key, or a bad value.</exception>
    public MpcSettings Planner(ControlTask task, params IEnumerable<string> set) => SettingsResolver.Resolve(
        SettingsResolver.Apply(SettingsFor(task), set.Select(SettingsResolver.Split))).Plan.Mpc;

    private TrainingSettings SettingsFor(IControlTask task) => Config?.Settings
        ?? (task is ControlTask own ? SettingsResolver.OfTask(own, ofTask => ofTask) : new TrainingSettings());
}
