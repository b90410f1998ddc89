using Naf.Host.Common;
using Naf.Host.Training;

namespace Naf.Host.Reports;

/// <summary>Tables and curves of runs.</summary>
internal static class RunTables
{
    /// <summary>A row for each run: what it was, and what it came to, as medians over its learners.</summary>
    public static ReportTable Summary(IEnumerable<RunResult> runs) => new(
        "summary", "Scores of the runs: median over seeds (lowest … highest)",
        [
            "run", "task", "method", "seeds", "episodes", "untrained", "best test", "last test", "verified best",
            "verified last", "episodes to 5 % of |best|", "to 5 % of the gain", "diverged", "stopped", "unstable",
            "updates/s", "time",
        ],
        [.. runs.Select(run => (string[])
        [
            run.Name, run.Task, run.Method, $"{run.Learners.Count}",
            run.IsFinished ? $"{run.Episodes}" : $"{run.Ended} of {run.Episodes}", Score(run.Median(l => l.Untrained)),
            Spread(run.Learners.Select(l => l.Best)), Spread(run.Learners.Select(l => l.Last)),
            Spread(run.Learners.Select(l => l.VerifiedBest)), Spread(run.Learners.Select(l => l.VerifiedLast)),
            Episodes(run, ofGain: false), Episodes(run, ofGain: true),
            $"{run.Learners.Count(l => l.DivergedEpisode is not null)}",
            $"{run.Learners.Count(l => l.Stopped is not null)}", $"{run.Learners.Sum(l => l.UnstableEpisodes)}",
            run.Seconds > 0 ? Texts.Rate(run.Updates / run.Seconds) : "",
            run.Seconds > 0 ? Texts.Duration(TimeSpan.FromSeconds(run.Seconds)) : "",
        ])]);

    /// <summary>Every test of every learner, for a spreadsheet or another program.</summary>
    public static ReportTable Tests(IEnumerable<RunResult> runs) => new(
        "tests", "Every test of every learner",
        ["run", "task", "method", "seed", "episode", "test_score", "success_rate"],
        [.. from run in runs from learner in run.Learners from test in learner.Tests select (string[])
        [
            run.Name, run.Task, run.Method, $"{learner.Seed}", $"{test.Episode}", Exact(test.Score),
            test.SuccessRate is { } rate ? Exact(rate) : "",
        ]]);

    /// <summary>The median test over learners, with the lowest and the highest as its band.</summary>
    public static Curve Curve(RunResult run, string name) => new(name, Medians(
        run.Learners.SelectMany(learner => learner.Tests).Select(test => (test.Episode, test.Score)),
        run.Learners.Count));

    /// <summary>The median over learners of a value at each episode, with the lowest and the highest.</summary>
    public static CurvePoint[] Medians(IEnumerable<(int Episode, double Value)> values, int learners) =>
    [
        .. from value in values
            group value.Value by value.Episode into at
            orderby at.Key
            // a learner that stopped early, or is behind, would otherwise bend the median
            where at.Count() == learners
            select new CurvePoint(at.Key, TrainingResult.Median(at.Cast<double?>())!.Value, at.Min(), at.Max()),
    ];

    /// <summary>Median, lowest and highest of scores; "" when there are none.</summary>
    public static string Spread(IEnumerable<double?> scores)
    {
        double[] known = [.. scores.OfType<double>()];
        if (known.Length == 0) return "";
        string median = Score(TrainingResult.Median(known.Cast<double?>()));
        return known.Length == 1 ? median : $"{median} ({Score(known.Min())} … {Score(known.Max())})";
    }

    /// <summary>Median over learners of the episodes to within 5 % of their own best test.</summary>
    public static string Episodes(RunResult run, bool ofGain) =>
        $"{ScoreStatistics.MedianOrNever(run.Learners.Select(l => l.EpisodesToBest(ofGain)))}";

    public static string Score(double? score) =>
        score is { } s ? Texts.Number(s) : "";

    private static string Exact(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
