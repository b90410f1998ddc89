using System.CommandLine;
using Naf.Cli.Common;
using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Reports;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary>
/// <c>naf verify RUN</c>: scores a run's policy from starts that neither training nor tests used, with intervals and
/// single episodes; <c>naf evaluate RUN --verify</c>: the best and the last policy of every learner.
/// </summary>
internal static class VerifyCommand
{
    // options that choose what evaluate --verify determines
    private static readonly string[] Others =
        ["--policy", "--learner", "--seed", "--trajectory", "--values", "--device"];

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "verify",
        "Scores a run's policy from starts that neither training nor tests used: mean with its confidence interval, "
        + "success rate, steps to a threshold.",
        "naf verify runs/cartpole-naf-1 --episodes 1000 --threshold -0.6 --out episodes.csv",
        parsed => StopSignals.Run(terminal, "verification", stop => RunOne(terminal, parsed, stop)))
    {
        CliOption.Target("RUN", "a run's folder"),
        CliOption.Text("--policy", "NAME", "best (that of the best test) or last [best, if there is one]"),
        CliOption.Text("--learner", "K", "which learner of the run [0]"),
        CliOption.Text("--episodes", "N", "episodes [100]"),
        CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed, as the verification after training]"),
        CliOption.Text("--threshold", "S", "a score: also count the episodes that reach it, their steps until then "
            + "(above 0), and the training episodes before the first test that does"),
        CliOption.Environment("the command that is the environment; also stored, the run's own command"),
        CliOption.Task(), CliOption.Text("--threads", "N", "threads; 0: one per core [0]"),
        CliOption.Text("--out", "FILE", "write a row for each episode (.csv)"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private static int RunOne(Terminal terminal, ParseResult parsed, CancellationToken stop)
    {
        var target = new PolicyTarget(parsed);
        terminal = parsed.ForResults(terminal);
        RunConfig config = target.RunFor("naf verify");
        if (!target.IsOfRun)
            throw new UserException($"--policy {target.Policy}: only a run's policy is verified; take best or last");
        int learner = target.Learner!.Value;
        int episodes = parsed.Integer("--episodes", 100, 1, 1_000_000);
        double? threshold = parsed.Finite("--threshold");
        string? file = parsed.File("--out");
        if (file is not null) EpisodeTable.CheckPlace(file);
        int threads = target.Threads;
        using IControlTask task = target.LoadAny(terminal, stop);
        var verification = new PolicyVerification(
            task, target.Name, config, episodes, (learner, parsed.Given("--policy") is null ? null : target.Policy))
        {
            // a sum of rewards is above any other before the first step
            Seed = target.Seed, Threshold = threshold > 0 ? threshold : null,
        };
        VerifiedPolicy verified = Play(terminal, parsed, threads, verification, stop)[0];
        if (verified.Score is null) return ExitCode.Failed; // which a warning has explained
        double?[] scores = Evaluator.Scores(verified.Outcomes, task, config.Settings.UnstableSimulation);
        int? trained = threshold is { } score
            ? RunReader.Read(target.Name, describe: false).Learners[learner].FirstAtLeast(score) : null;
        var found = new Verification(task.Name, verified, threshold, scores.Count(s => s >= threshold), trained);
        if (parsed.IsJson()) found.WriteJson(terminal, target, learner, file);
        else found.WriteText(terminal, file);
        // results are reported even if the file can't be written
        if (file is not null) EpisodeTable.Write(file, task, verified.Outcomes, scores);
        return 0;
    }

    /// <summary><c>naf evaluate RUN --verify</c>.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UserException">The user named a task, or options that exclude each other.</exception>
    public static int RunAll(Terminal terminal, ParseResult parsed, PolicyTarget target, CancellationToken stop)
    {
        string? other = Others.FirstOrDefault(option => parsed.Given(option) is not null)
            ?? (parsed.GetValue<string[]>("--set")!.Length > 0 ? "--set" : null);
        if (other is not null)
            throw new UserException(
                $"--verify scores the best and the last policy of every learner from starts of its own; leave out "
                + other);
        RunConfig config = target.RunFor("--verify");
        int usual = config.Settings.VerificationEpisodes is > 0 and var set
            ? set : new TrainingSettings().VerificationEpisodes;
        int episodes = parsed.Integer("--episodes", usual, 1, 1_000_000);
        int threads = target.Threads;
        using IControlTask task = target.LoadAny(terminal, stop);
        var verification = new PolicyVerification(task, target.Name, config, episodes);
        IReadOnlyList<VerifiedPolicy> verified = Play(terminal, parsed, threads, verification, stop);
        if (parsed.IsJson())
            Json.Write(terminal.Out, new
            {
                Target = target.Name, Task = task.Name, Episodes = episodes, Seed = config.Settings.TestSeed,
                Policies = verified,
            });
        else
        {
            terminal.Out.WriteLine(
                $"{task.Name}, from starts that neither training nor tests used, episodes {episodes} of each policy");
            terminal.WriteTable([["learner", "seed", "policy", "after episode", "score", "standard error", "success"],
                .. verified.Select(p => (string[])[
                    $"{p.Learner}", $"{p.Seed}", p.Policy, $"{p.Episode}", Texts.Score(p.Score),
                    Texts.Score(p.StandardError), p.SuccessRate is { } rate ? Texts.Score(rate) : "-"])]);
        }
        return 0;
    }

    private static IReadOnlyList<VerifiedPolicy> Play(
        Terminal terminal, ParseResult parsed, int threads, PolicyVerification verification, CancellationToken stop)
    {
        using var team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        var warnings = new MujocoWarningReport();
        IReadOnlyList<VerifiedPolicy>? verified;
        using (ProgressDisplay.Show(terminal, parsed.IsQuiet(), () => Show(verification)))
            verified = verification.Run(team, terminal.Warn, stop);
        warnings.Give(terminal);
        return verified ?? throw new OperationCanceledException();
    }

    private static (double Done, double Most, string Text) Show(PolicyVerification verification)
    {
        (long ended, long all) = verification.Progress;
        return (ended, all, $"episode {ended}/{all}");
    }

    /// <summary>What the verification of one policy found.</summary>
    /// <param name="Threshold">A score; null: none was asked for.</param>
    /// <param name="Reached">Episodes with the score of the threshold or more.</param>
    /// <param name="Trained">Training episodes before the first test that reached it; null: none did.</param>
    private sealed record Verification(
        string Task, VerifiedPolicy Policy, double? Threshold, int Reached, int? Trained)
    {
        private EvaluationResult Result => Policy.Result;

        private Estimate? Mean => ScoreStatistics.OfMean(Result.Mean, Result.StandardError ?? 0, Result.Episodes);

        private Estimate? Success =>
            Result.SuccessRate is { } rate ? ScoreStatistics.OfShare(rate, Result.Episodes) : null;

        private double? Steps => ScoreStatistics.MedianOrNever(Policy.Outcomes.Select(e => e.StepsToThreshold));

        public void WriteJson(Terminal terminal, PolicyTarget target, int learner, string? file) =>
            Json.Write(terminal.Out, new
            {
                Target = target.Name, Task, Policy.Policy, Learner = learner, AfterEpisode = Policy.Episode,
                target.Seed, Result.Episodes, Result.Mean, Result.StandardDeviation, Result.StandardError,
                MeanLow = Mean?.Low, MeanHigh = Mean?.High, Result.SuccessRate, SuccessRateLow = Success?.Low,
                SuccessRateHigh = Success?.High, Result.UnstableEpisodes,
                Measures = Result.Measures.ToDictionary(m => m.Name, m => m.Mean), Threshold,
                StepsToThreshold = Steps, EpisodesAtThreshold = Threshold is null ? (int?)null : Reached,
                TrainingEpisodesToThreshold = Trained, Out = file,
            });

        public void WriteText(Terminal terminal, string? file)
        {
            terminal.Out.WriteLine($"{Task}, {Policy.Policy} policy (after episode {Policy.Episode}), "
                + $"{Texts.Count(Result.Episodes, "episode")} from starts that neither training nor tests used");
            terminal.WriteTable([["", "value", "95 % interval"],
                ["mean score", Texts.Score(Result.Mean), Interval(Mean)],
                ["standard deviation", Texts.Score(Result.StandardDeviation), ""],
                .. Success is { } s ? (string[][])[["success rate", Texts.Score(s.Value), Interval(s)]] : [],
                .. Result.Measures.Select(m => (string[])[m.Name, Texts.Score(m.Mean), ""])]);
            if (Threshold is { } least)
                terminal.Out.WriteLine($"score {Texts.Score(least)}: reached in {Reached} of "
                    + Texts.Count(Result.Episodes, "episode")
                    + (Steps is { } n ? $", at step {Texts.Number(n)} (median)" : "") + "; "
                    + (Trained is { } t ? $"in training first by the test after episode {t}"
                        : "by no test in training"));
            if (file is not null) terminal.Out.WriteLine($"episodes: {file}");
        }

        private static string Interval(Estimate? e) =>
            e is { } known ? $"{Texts.Score(known.Low)} to {Texts.Score(known.High)}" : "-";
    }
}
