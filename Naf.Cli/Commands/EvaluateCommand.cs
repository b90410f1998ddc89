using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary><c>naf evaluate</c>: the score of a run's policy, or of a policy that needs no run, on fixed seeded starts.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand(
            "evaluate", "Scores a policy over test episodes: mean, standard deviation and success rate.",
            "naf evaluate runs/cartpole-naf-1 --episodes 100")
        {
            CliOption.Target(), CliOption.Policy(), CliOption.Text("--episodes", "N", "episodes [20]"),
            CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed]"),
            CliOption.Text("--learner", "K", "which learner of the run [0]"),
            CliOption.Text("--threads", "N", "threads (a run's policy takes one); 0: one per core [0]"),
            CliOption.Text("--trajectory", "FILE", "write the first episode, a row for each step (.csv); naf render shows it"),
            CliOption.Text(
                "--values", "FILE", "of a run: write V, A, Q and the return that followed, a row for each step (.csv)"),
            CliOption.Text("--device", "D", "where --values evaluates Q: auto, cpu, cuda:N, opencl:N or emulated [cpu]"),
            CliOption.Set("with --policy mpc: change mpc_horizon, mpc_iterations or mpc_samples; may be repeated"),
            CliOption.Json(),
        };
        command.SetAction(parsed =>
        {
            PolicyTarget aim = PolicyTarget.Of(parsed);
            string chosen = aim.Policy(parsed);
            int? k = aim.Learner(parsed, chosen);
            int count = parsed.Integer("--episodes", aim.Config?.Settings.TestEpisodes ?? 20, 1, 1_000_000);
            ulong start = aim.Seed(parsed);
            int team = parsed.Integer("--threads", 0, 0, 256);
            string? file = parsed.File("--trajectory");
            if (file is not null) TrajectoryFile.CheckPlace(file);
            string? valuesFile = parsed.File("--values");
            if (valuesFile is not null) PolicyValues.CheckPlace(valuesFile);
            if (valuesFile is not null && file is not null && Path.GetFullPath(valuesFile) == Path.GetFullPath(file))
                throw new UserException($"--values and --trajectory both name {file}; name two files");
            string? about = valuesFile ?? parsed.Given("--device");
            if (about is not null && (chosen != "run" || valuesFile is null))
                throw new UserException(
                    $"--{(valuesFile is null ? "device" : "values")} {about} is about a run's own policy; name a run and --values FILE, "
                    + "without --policy");
            string[] changes = parsed.GetValue<string[]>("--set")!;
            if (chosen != "mpc" && changes is [var change, ..])
                throw new UserException($"--set {change} changes a setting of the planner; it goes with --policy mpc");
            Trajectory? first = file is null ? null : new Trajectory();
            using ControlTask task = aim.Load();
            var warnings = new MujocoWarningReport();
            PlannedResult? planned = chosen == "mpc" ? Plan() : null;
            object? summary = null;
            PolicyValues? ofRun = null;
            EvaluationResult result = planned is not null ? planned.Scores
                : valuesFile is not null ? Values()
                : chosen == "run" ? PolicyEvaluation.OfRun(task, aim.Name, aim.Run, k!.Value, start, count, terminal.Warn, first)
                : PolicyEvaluation.Of(PolicyEvaluation.WithoutRun(chosen, start), task, start, count, team, first);

            warnings.Give(terminal);
            string? written = null;
            try
            {
                if (file is not null) TrajectoryFile.Write(file, task, first!);
                written = file;
                ofRun?.Write(valuesFile!);
            }
            finally
            {
                // what was computed is not lost with the file
                Report(written);
            }
            return 0;

            PlannedResult Plan()
            {
                using var evaluation = new PlannedEvaluation(task, aim.Planner(task, changes), team);
                using ProgressDisplay? display = terminal.Interactive && !parsed.IsJson()
                    ? new ProgressDisplay(() => evaluation.Progress(count)) : null;
                return evaluation.Run(start, count, first);
            }

            EvaluationResult Values()
            {
                using RunPolicy run = RunPolicy.Open(task, aim.Name, aim.Run, k!.Value, terminal.Warn, parsed.Given("--device") ?? "cpu");
                var of = new PolicyValues(run, aim.Run.Settings);
                EvaluationResult scores = of.Run(task, start, count, first);
                summary = of.Summary;
                ofRun = of;
                return scores;
            }

            void Report(string? written)
            {
                if (parsed.IsJson())
                {
                    Json.Write(terminal.Out, new
                    {
                        Target = aim.Name, Task = task.Name, Policy = chosen,
                        result.Mean, result.StandardDeviation, result.Episodes, result.SuccessRate, Seed = start, Learner = k, Trajectory = written,
                        Planning = planned?.Planning, Values = summary, ValuesFile = valuesFile,
                    });
                    return;
                }
                terminal.Out.WriteLine($"{task.Name}, {chosen} policy: mean {Texts.Score(result.Mean)}, "
                    + $"standard deviation {Texts.Score(result.StandardDeviation)}, episodes {result.Episodes}, "
                    + (result.SuccessRate is { } rate ? $"success rate {Texts.Score(rate)}" : "no measure of success"));
                if (planned is not null) terminal.Out.WriteLine(planned.Planning.Describe());
                if (written is not null) terminal.Out.WriteLine($"first episode: {written}");
                if (summary is not null) terminal.Out.WriteLine($"values of every step: {valuesFile}");
            }
        });
        return command;
    }
}
