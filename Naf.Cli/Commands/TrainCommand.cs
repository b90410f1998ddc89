using System.CommandLine;
using Naf.Host.Agents;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Cli.Commands;

/// <summary><c>naf train</c>: begins or resumes a training run.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new TrainOptions();
        var command = new ExampleCommand(
            "train", "Trains a policy for a task and keeps everything in a run's folder.",
            "naf train reacher-single --episodes 150 --seeds 0..4 --set tau=0.01      five learners side by side", SettingsText);
        options.AddTo(command);
        command.SetAction(parsed => Run(terminal, options.Read(parsed)));
        return command;
    }

    private static int Run(Terminal terminal, TrainRequest request)
    {
        using TrainingRun run = request.Resume is { } folder
            ? TrainingRun.Resume(folder, request.Previous, request.Given, request.Accept, terminal.Warn)
            : Begin(request);
        using var stop = new StopSignals();
        run.Warn = terminal.Warn;
        if (run.DeviceNote.Length > 0) terminal.Warn(run.DeviceNote);
        WarnOfIdle(terminal, run.Settings, request);

        var warnings = new MujocoWarningReport();
        TrainingResult result;
        using (TrainDisplay? display = terminal.Interactive && !request.Json ? new TrainDisplay(() => run.Progress) : null)
            result = run.Train(stop.Token);
        warnings.Give(terminal);

        if (request.Json) Json.Write(terminal.Out, result);
        else Report(terminal, result);
        if (result.Finished) return 0;
        if (result.Learners.All(l => l.Stopped is not null))
        {
            terminal.Warn("every learner stopped before its time, for the reasons above");
            return ExitCode.Failed;
        }
        terminal.Warn($"stopped in episode {result.Episodes + 1}; go on with naf train --resume {result.Run}");
        return stop.ExitCode;
    }

    // what was asked for and has no effect
    private static void WarnOfIdle(Terminal terminal, TrainingSettings s, TrainRequest request)
    {
        bool learns = s.Imagination.Kind != ImaginationKind.Off || s.Plan.Kind == PlanKind.Ilqg;
        if (learns && s.Imagination.RefitEpisodes >= s.Episodes)
            terminal.Warn($"the dynamics are first fitted after episode {s.Imagination.RefitEpisodes} (refit_episodes), so that these "
                + $"{s.Episodes} episodes imagine and plan nothing by them");
        bool Given(string start) => request.Given.Any(g => g.Key.StartsWith(start, StringComparison.Ordinal));
        if (s.Plan.Kind == PlanKind.None && (Given("plan_fraction") || Given("mpc_") || Given("ilqg_")))
            terminal.Warn("plan_fraction, mpc_ and ilqg_ settings do nothing without --plan ilqg or --plan mpc");
        if (s.Imagination.Kind == ImaginationKind.Off && (Given("imagined_") || Given("imagination_")))
            terminal.Warn("imagined_ and imagination_ settings do nothing without --imagination fitted, true or network");
    }

    private static TrainingRun Begin(TrainRequest request)
    {
        string name = request.Task ?? throw new UserException("naf train needs a task, such as cartpole (naf tasks lists them), or --resume DIR");
        IEnumerable<GivenValue> ofFile = request.Config is { } file ? SettingsFile.Read(file) : [];
        return TrainingRun.Begin(name, ofTask => SettingsResolver.Apply(ofTask, [.. ofFile, .. request.Given]), request.Out);
    }

    private static void Report(Terminal terminal, TrainingResult r)
    {
        terminal.Out.WriteLine($"{r.Task}: {r.Algorithm} on {r.Device}, {r.Episodes} episodes in {Texts.Duration(TimeSpan.FromSeconds(r.Seconds))}, "
            + $"{Texts.Rate(r.UpdatesPerSecond)} updates/s");
        if (r.Learners.Count > 1)
            foreach (LearnerSummary l in r.Learners)
                terminal.Out.WriteLine($"  seed {l.Seed}: best test score {Texts.Score(l.BestTestScore)} after episode {l.BestEpisode}, "
                    + $"final {Texts.Score(l.FinalTestScore)}" + (l.Stopped is null ? "" : ", stopped"));
        string median = r.Learners.Count > 1 ? " (median)" : $" after episode {r.Learners[0].BestEpisode}";
        terminal.Out.WriteLine($"best test score {Texts.Score(r.BestTestScore)}{median}, final {Texts.Score(r.FinalTestScore)}");
        terminal.Out.WriteLine($"run: {r.Run}");
    }

    private static string SettingsText(bool all)
    {
        int width = Setting.Keys.Max(k => k.Length);
        return "Settings (--set, --config, and, as far as they suit a task, its training section), with their defaults:\n"
            + string.Concat(Setting.All.Where(s => all || s.IsBasic).Select(s => $"  {s.Key.PadRight(width)}  {s.Help}\n"))
            + (all ? "" : "naf train --help all lists every setting; docs/settings.md has their ranges and sources.\n");
    }
}
