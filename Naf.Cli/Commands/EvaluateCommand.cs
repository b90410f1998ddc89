using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary><c>naf evaluate</c>: scores a run's policy, or one that needs no run, from fixed seeded starts.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal) => new ExampleCommand(
        "evaluate",
        "Scores a policy over test episodes: mean, standard deviation, success rate and the task's measures.",
        "naf evaluate runs/cartpole-naf-1 --episodes 100",
        parsed => StopSignals.Run(terminal, "evaluation", stop => Run(terminal, parsed, stop)))
    {
        CliOption.Target(optional: true), CliOption.Policy(), CliOption.Task(), CliOption.Models(),
        CliOption.Text("--episodes", "N", "episodes [20]"),
        CliOption.Environment("the command that is the environment; of a run also stored, the run's own command"),
        CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed]"),
        CliOption.Text("--learner", "K", "which learner of the run [0]"),
        CliOption.Text("--threads", "N", "threads (a run's policy takes one); 0: one per core [0]"),
        CliOption.Text(
            "--trajectory", "FILE", "write the first episode, a row for each step (.csv); naf render shows it"),
        CliOption.Text(
            "--values", "FILE", "of a run: write V, A, Q and the return that followed, a row for each step (.csv)"),
        CliOption.Text("--device", "D", "where --values evaluates Q: auto, cpu, cuda:N, opencl:N or emulated [cpu]"),
        CliOption.Set("with --policy mpc: change mpc_horizon, mpc_iterations or mpc_samples; may be repeated"),
        CliOption.Flag("--verify", "of a run: score the best and the last policy of every learner, from starts that "
            + "neither training nor tests used (--episodes [100]); naf verify has more on one"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed, CancellationToken stop)
    {
        var target = new PolicyTarget(parsed);
        terminal = parsed.ForResults(terminal);
        if (parsed.GetValue<bool>("--verify")) return VerifyCommand.RunAll(terminal, parsed, target, stop);
        string policy = target.Policy;
        int? learner = target.Learner;
        int count = parsed.Integer("--episodes", target.Config?.Settings.TestEpisodes ?? 20, 1, 1_000_000);
        ulong seed = target.Seed;
        int threads = target.Threads;
        string? file = parsed.File("--trajectory"), valuesFile = parsed.File("--values");
        if (file is not null) TrajectoryFile.CheckPlace(file);
        if (valuesFile is not null) PolicyValues.CheckPlace(valuesFile);
        if (valuesFile is not null && file is not null && Path.GetFullPath(valuesFile) == Path.GetFullPath(file))
            throw new UserException($"--values and --trajectory both name {file}; name two files");
        string? about = valuesFile ?? parsed.Given("--device");
        if (about is not null && (!target.IsOfRun || valuesFile is null))
            throw new UserException($"--{(valuesFile is null ? "device" : "values")} {about} is about a run's own "
                + "policy; name a run and --values FILE, with no --policy but last or best");
        string[] changes = parsed.GetValue<string[]>("--set")!;
        if (policy != "mpc" && changes is [var change, ..])
            throw new UserException($"--set {change} changes a setting of the planner; it goes with --policy mpc");
        Trajectory? first = file is null ? null : new Trajectory();
        using IControlTask task = target.LoadAny(terminal, stop);
        if (task is not ControlTask && policy == "mpc")
            throw new UserException($"--policy mpc needs the state of MuJoCo's simulation, and {task.Name} is an "
                + "environment of your own; leave it out");
        var warnings = new MujocoWarningReport();
        PlanningReport? planning = null;
        PolicyValues? values = null;
        (int After, int? Best, int Last)? trained = null;
        UnstableSimulation unstable = target.UnstableSimulation(task);
        EvaluationResult result = policy == "mpc" ? Plan()
            : target.IsOfRun ? OfRun()
            : PolicyEvaluation.Of(PolicyEvaluation.WithoutRun(policy, task, seed), task, seed, count, threads, first,
                unstable, stop);

        warnings.Give(terminal);
        if (result.Episodes == 0) throw new UserException($"there is no score: {result.UnstableNote}");
        if (result.UnstableNote is { } note) terminal.Warn(note);
        string? written = null;
        try
        {
            if (file is not null) TrajectoryFile.Write(file, task, first!);
            written = file;
            values?.Write(valuesFile!);
        }
        finally
        {
            // report the results even if a file could not be written
            Report();
        }
        return 0;

        EvaluationResult Plan()
        {
            var simulated = (ControlTask)task;
            using var evaluation =
                new PlannedEvaluation(simulated, target.Planner(simulated, changes), threads, unstable, stop);
            using var display = ProgressDisplay.Show(terminal, parsed.IsQuiet(), () => evaluation.Progress(count));
            (EvaluationResult scores, planning) = evaluation.Run(seed, count, first);
            return scores;
        }

        EvaluationResult OfRun()
        {
            using RunPolicy run = target.Open(task, terminal, parsed.Given("--device") ?? "cpu");
            trained = (run.Episode, run.BestEpisode, run.LastEpisode);
            if (valuesFile is null)
                return PolicyEvaluation.Of(run.Act, task, seed, count, threads: 1, first, unstable, stop);
            values = new PolicyValues(run, target.Run.Settings);
            return values.Run(task, seed, count, first, stop);
        }

        void Report()
        {
            if (parsed.IsJson())
            {
                Json.Write(terminal.Out, new
                {
                    Target = target.Name, Task = task.Name, Policy = policy, AfterEpisode = trained?.After,
                    BestEpisode = trained?.Best, LastEpisode = trained?.Last,
                    result.Mean, result.StandardDeviation, result.Episodes, result.SuccessRate,
                    result.UnstableEpisodes,
                    Measures = result.Measures.ToDictionary(m => m.Name, m => m.Mean),
                    Seed = seed, Learner = learner, Trajectory = written, Planning = planning,
                    Values = values?.Summary, ValuesFile = valuesFile,
                });
                return;
            }
            string after = trained is { } t ? $" (after episode {t.After})" : "";
            terminal.Out.WriteLine($"{task.Name}, {policy} policy{after}: mean {Texts.Score(result.Mean)}, "
                + $"standard deviation {Texts.Score(result.StandardDeviation)}, episodes {result.Episodes}, "
                + (result.SuccessRate is { } rate ? $"success rate {Texts.Score(rate)}" : "no measure of success"));
            if (!result.Measures.IsEmpty)
                terminal.Out.WriteLine($"measures, means over episodes: {string.Join(", ", result.Measures.Select(m =>
                    $"{m.Name} {Texts.Score(m.Mean)}"
                    + (m.Episodes < result.Episodes ? $" ({m.Episodes} of {result.Episodes} episodes)" : "")))}");
            if (trained is { Best: { } best, Last: var last } && best != last)
                terminal.Out.WriteLine(policy == VerifiedPolicy.BestName
                    ? $"the last policy, after episode {last}: --policy last"
                    : $"the policy of the best test, after episode {best}: --policy best");
            if (planning is not null) terminal.Out.WriteLine(planning.Describe());
            if (written is not null) terminal.Out.WriteLine($"first episode: {written}");
            if (values is not null) terminal.Out.WriteLine($"values of every step: {valuesFile}");
        }
    }
}
