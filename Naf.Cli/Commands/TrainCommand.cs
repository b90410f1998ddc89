using System.CommandLine;
using Naf.Host.Agents;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary><c>naf train</c>: starts or resumes a training run.</summary>
internal static class TrainCommand
{
    // options that are settings of the same name
    private static readonly (string Key, string Option, string Shown)[] Direct =
    [
        ("algorithm", "--algorithm", "NAME"), ("episodes", "--episodes", "N"), ("seed", "--seed", "S"),
        ("device", "--device", "D"), ("threads", "--threads", "N"), ("imagination", "--imagination", "KIND"),
        ("plan", "--plan", "PLANNER"), ("plan_fraction", "--plan-fraction", "P"),
    ];

    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand(
            "train", "Trains a policy for a task and keeps everything in a run's folder.",
            "naf train reacher-single --episodes 150 --seeds 0..4 --set tau=0.01      five learners side by side",
            parsed => Run(terminal, parsed), SettingsText)
        {
            new Argument<string?>("TASK")
            {
                Description = "the name of a task (naf tasks --all) or a task's .yaml file",
                Arity = ArgumentArity.ZeroOrOne,
            },
        };
        foreach (Option option in (Option[])
        [
            .. Direct.Select(d => CliOption.Text(d.Option, d.Shown, Setting.Find(d.Key)!.Help)),
            CliOption.Text(
                "--seeds", "A..B", "a population: a learner for each seed from A to B; A alone is one learner [one]"),
            CliOption.Environment("instead of TASK: a command that is the environment, in any language, or -, the "
                + "program that started naf; with --resume also stored, the run's own"),
            CliOption.Set("change a setting; may be repeated"),
            CliOption.Text("--warm-start", "FILE", "logged transitions (.csv or .safetensors) that are in the replay "
                + "before the first episode"),
            CliOption.Text("--config", "FILE", "settings from a YAML file, such as another run's config.yaml"),
            CliOption.Flag(
                "--tensorboard", "also write event files that TensorBoard shows: scores, losses, settings, pictures"),
            CliOption.Models(),
            CliOption.Text("--out", "DIR", "the folder of the run [runs/TASK-ALGORITHM-N]"),
            CliOption.Text("--resume", "DIR", "go on with the run in this folder, bitwise as if it had never stopped"),
            CliOption.Text(
                "--checkpoint", "latest|previous",
                "with --resume: latest, or previous if the latest is damaged [latest]"),
            CliOption.Text("--task", "FILE", "with --resume: go on with this task instead of the run's own copy"),
            CliOption.Flag(
                "--accept-changes",
                "with --resume: go on although the simulator, the device or config.yaml are not what they were"),
            CliOption.Quiet(), CliOption.Flag("--json", "print one JSON object at the end"),
        ]) command.Add(option);
        return command;
    }

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        List<GivenValue> given = Given(parsed);
        terminal = parsed.ForResults(terminal);
        using var stop = new StopSignals();
        using TrainingRun run = Open(terminal, parsed, given, stop.Token);
        run.Warn = terminal.Warn;
        if (run.Progress.EpisodesEnded == run.Settings.Episodes)
            terminal.Warn($"this run has all its {run.Settings.Episodes} episodes; --episodes N trains it for longer");
        if (run.DeviceNote.Length > 0) terminal.Warn(run.DeviceNote);
        WarnOfUnused(terminal, run.Settings, given);

        var warnings = new MujocoWarningReport();
        TrainingResult result;
        using (ProgressDisplay.Show(terminal, parsed.IsQuiet(), () => Describe(run.Progress)))
            result = run.Train(stop.Token);
        warnings.Give(terminal);

        if (parsed.IsJson()) Json.Write(terminal.Out, result);
        else Report(terminal, result, run.Settings);
        if (result.Finished)
        {
            int stopped = result.Learners.Count(l => l.Stopped is not null);
            if (stopped > 0)
                terminal.Warn($"{stopped} of {Texts.Count(result.Learners.Count, "learner")} stopped before their "
                    + "time, for the reasons above; the others ended all their episodes");
            bool wasCut = run.Settings.VerificationEpisodes > 0 && stop.Token.IsCancellationRequested
                && result.Learners.All(l => l.VerifiedLast is null);
            if (!wasCut) return stopped > 0 ? ExitCode.Failed : 0;
            terminal.Warn("training has ended, and only its verification was stopped; make it with "
                + run.ResumeCommand);
            return stop.ExitCode;
        }
        if (result.Learners.All(l => l.Stopped is not null))
        {
            terminal.Warn("every learner stopped before its time, for the reasons above");
            return ExitCode.Failed;
        }
        terminal.Warn($"stopped in episode {result.Episodes + 1}; go on with {run.ResumeCommand}");
        return stop.ExitCode;
    }

    // settings from --set, then from explicit options
    private static List<GivenValue> Given(ParseResult parsed)
    {
        var given = parsed.GetValue<string[]>("--set")!.Select(SettingsResolver.Split).ToList();
        foreach ((string key, string option, _) in Direct)
            if (parsed.Given(option) is { } text) given.Add(new GivenValue(key, text, option));
        if (parsed.GetValue<bool>("--tensorboard"))
            given.Add(new GivenValue("tensorboard", "true", "--tensorboard"));
        if (parsed.Given("--seeds") is not { } range) return given;
        if (given.Any(g => g.Place == "--seed"))
            throw new UserException("--seed and --seeds exclude each other; give one of them");
        return [.. given, .. SeedRange.Parse(range, "--seeds").Values("--seeds")];
    }

    /// <exception cref="UserException">Options that exclude each other.</exception>
    private static TrainingRun Open(
        Terminal terminal, ParseResult parsed, List<GivenValue> given, CancellationToken stop)
    {
        string? task = parsed.Given("TASK"), config = parsed.Given("--config"), folder = parsed.Given("--out");
        string? checkpoint = parsed.Given("--checkpoint"), otherTask = parsed.File("--task");
        string? environment = parsed.Given(EnvironmentCommand.Option), log = parsed.File("--warm-start");
        bool accept = parsed.GetValue<bool>("--accept-changes");
        if (parsed.Given("--resume") is { } resume)
        {
            if (task is not null) throw new UserException($"--resume {resume} knows its task; leave out '{task}'");
            parsed.RefuseModels("a run has a copy of its model");
            if ((folder ?? config) is not null)
                throw new UserException(
                    "--resume goes on with a run's own folder and settings; leave out --out and --config");
            if (log is not null)
                throw new UserException($"--warm-start {log} is for a new run; a resumed one has its replay");
            if (checkpoint is not (null or "latest" or "previous"))
                throw new UserException($"--checkpoint {checkpoint}: expected latest or previous");
            RunConfig? run = RunFolder.IsRun(resume) ? RunConfig.Read(RunFolder.ConfigOf(resume)) : null;
            if (otherTask is not null && environment is not null)
                throw new UserException("--task FILE and --env COMMAND exclude each other; give one of them");
            string? chosen = run is null ? null : EnvironmentCommand.Choose(environment, run);
            EnvironmentTask? own = chosen is null ? null : EnvironmentCommand.Open(
                chosen, Changed(run!.Settings), stop, terminal.Warn);
            return own is null ? Resumed() : EnvironmentCommand.Checked(Resumed);

            TrainingRun Resumed() => TrainingRun.Resume(
                resume, Changed, checkpoint == "previous", accept, terminal.Warn, own, otherTask);

            TrainingSettings Changed(TrainingSettings stored) =>
                EnvironmentCommand.ForOneEnvironment(chosen, SettingsResolver.Apply(stored, given));
        }
        if (otherTask is not null)
            throw new UserException($"--task {otherTask} is what a resumed run goes on with; it needs --resume DIR");
        if (accept)
            throw new UserException("--accept-changes says what a resumed run may differ in; it needs --resume DIR");
        if (checkpoint is not null)
            throw new UserException("--checkpoint says where to resume from; it needs --resume DIR");
        IEnumerable<GivenValue> ofFile = config is null ? [] : SettingsFile.Read(config);
        if (EnvironmentCommand.Choose(environment, null) is { } started)
        {
            if (task is not null)
                throw new UserException($"--env COMMAND and the task '{task}' exclude each other; give one of them");
            parsed.RefuseModels("an environment of --env has no model");
            TrainingSettings settings = EnvironmentCommand.ForOneEnvironment(started, SettingsResolver.Resolve(
                SettingsResolver.Apply(EnvironmentCommand.Defaults(started), [.. ofFile, .. given])));
            return EnvironmentCommand.Checked(() => TrainingRun.Begin(
                EnvironmentCommand.Open(started, settings, stop, terminal.Warn), settings, folder, log));
        }
        if (task is null)
            throw new UserException("naf train needs a task, such as cartpole (naf tasks lists them), or --resume DIR");
        return TrainingRun.Begin(
            task, ofTask => SettingsResolver.Apply(ofTask, [.. ofFile, .. given]), folder, log, parsed.Models(task));
    }

    // warns of settings that have no effect
    private static void WarnOfUnused(Terminal terminal, TrainingSettings s, List<GivenValue> given)
    {
        bool learns = s.Imagination.Kind != ImaginationKind.Off || s.Plan.Kind == PlanKind.Ilqg;
        if (learns && s.Imagination.RefitEpisodes >= s.Episodes)
            terminal.Warn($"the dynamics are first fitted after episode {s.Imagination.RefitEpisodes} "
                + $"(refit_episodes), so that these {s.Episodes} episodes imagine and plan nothing by them");
        bool IsGiven(string start) => given.Any(g => g.Key.StartsWith(start, StringComparison.Ordinal));
        if (s.Plan.Kind == PlanKind.None && (IsGiven("plan_fraction") || IsGiven("mpc_") || IsGiven("ilqg_")))
            terminal.Warn("plan_fraction, mpc_ and ilqg_ settings do nothing without --plan ilqg or --plan mpc");
        if (s.Imagination.Kind == ImaginationKind.Off && (IsGiven("imagined_") || IsGiven("imagination_")))
            terminal.Warn(
                "imagined_ and imagination_ settings do nothing without --imagination fitted, true or network");
        if (s.Learner.SharedTrunk && IsGiven("actor_learning_rate"))
            terminal.Warn("actor_learning_rate does nothing with shared_trunk: μ has no network of its own");
        foreach (string ofNaf in (string[])["log_diagonal_bound", "natural_gradient"])
            if (s.Algorithm == LearningAlgorithm.Ddpg && IsGiven(ofNaf))
                terminal.Warn($"{ofNaf} does nothing without --algorithm naf");
    }

    private static (double Done, double Most, string Text) Describe(TrainingProgress p)
    {
        if (p.Verifications > 0)
            return (p.VerificationsEnded, p.Verifications,
                $"verifying the best and the last policy: episode {p.VerificationsEnded}/{p.Verifications}");
        return (p.EpisodesEnded, p.Episodes, $"episode {p.EpisodesEnded}/{p.Episodes}  "
            + $"test {Texts.Score(p.LastTest)} (best {Texts.Score(p.BestTest)})  "
            + $"{Texts.Rate(p.UpdatesPerSecond)} updates/s"
            + (p.Left is { } left ? $"  {Texts.Duration(left)} left" : ""));
    }

    private static void Report(Terminal terminal, TrainingResult r, TrainingSettings settings)
    {
        terminal.Out.WriteLine($"{r.Task}: {r.Algorithm} on {r.Device}, {Texts.Count(r.Episodes, "episode")} "
            + $"in {Texts.Duration(TimeSpan.FromSeconds(r.Seconds))}, "
            + $"{Texts.Rate(r.UpdatesPerSecond)} updates/s");
        if (r.Learners.Count > 1)
            foreach (LearnerSummary l in r.Learners)
                terminal.Out.WriteLine(
                    $"  seed {l.Seed}: best test score {Texts.Score(l.BestTestScore)} after episode {l.BestEpisode}, "
                    + $"final {Texts.Score(l.FinalTestScore)}"
                    + (l.VerifiedLast is null ? "" : $"; verified {Verified(l)}")
                    + (l.Stopped is null ? "" : ", stopped"));
        foreach (LearnerSummary l in r.Learners.Where(l => l.DivergedEpisode is not null))
            terminal.Out.WriteLine(
                $"  seed {l.Seed}: Q was seen to diverge after episode {l.DivergedEpisode}");
        foreach (LearnerSummary l in r.Learners.Where(l => l.UnstableEpisodes > 0))
            terminal.Out.WriteLine(
                $"  seed {l.Seed}: the simulation broke down, episodes: {l.UnstableEpisodes} of training and test");
        if (settings.Learner.Gamma >= 1)
            terminal.Out.WriteLine("Q was not watched for divergence: with gamma=1 the rewards allow any value");
        string median = r.Learners.Count > 1 ? " (median)" : $" after episode {r.Learners[0].BestEpisode}";
        terminal.Out.WriteLine(
            $"best test score {Texts.Score(r.BestTestScore)}{median}, final {Texts.Score(r.FinalTestScore)}");
        if (r.VerifiedLast is not null)
            terminal.Out.WriteLine($"verified from {settings.VerificationEpisodes} other starts (± standard error): "
                + (r.Learners is [var only] ? Verified(only)
                    : $"best policies {Texts.Score(r.VerifiedBest)} (median), last {Texts.Score(r.VerifiedLast)}"));
        terminal.Out.WriteLine($"run: {r.Run}");
    }

    private static string Verified(LearnerSummary l) =>
        $"best policy {Score(l.VerifiedBest, l.VerifiedBestError)}, last {Score(l.VerifiedLast, l.VerifiedLastError)}";

    private static string Score(double? score, double? error) =>
        Texts.Score(score) + (error is { } e ? $" ± {Texts.Number(e)}" : "");

    private static string SettingsText(bool all)
    {
        int width = Setting.Keys.Max(k => k.Length);
        return "Settings (--set, --config, and, as far as they suit a task, its training section), "
            + "with their defaults:\n"
            + string.Concat(Setting.All.Where(s => all || s.IsBasic)
                .Select(s => $"  {s.Key.PadRight(width)}  {s.Help}\n"))
            + (all ? "" : "naf train --help all lists every setting; docs/settings.md has their ranges and sources.\n");
    }
}
