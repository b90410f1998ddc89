using Naf.Host.Common;
using Naf.Host.Pictures;

namespace Naf.Host.Reports;

/// <summary>The report of any runs: scores, learning curves, aggregate scores, and what each run was.</summary>
internal static class RunReport
{
    private static readonly double[] Thresholds = [.. Enumerable.Range(0, 61).Select(i => i / 50.0)];

    /// <param name="pictures">Of the runs' policies, where there are any.</param>
    public static ReportPage Of(IReadOnlyList<RunResult> runs, IReadOnlyList<RunPicture> pictures)
    {
        var page = new ReportPage(runs.Count == 1 ? $"Report of {runs[0].Name}" : $"Report of {runs.Count} runs");
        page.Section("Scores");
        page.Paragraph("A test is the deterministic policy's mean score over the run's fixed starts. Verified scores "
            + "are of other starts, which neither training nor tests used: choosing the best policy by its test "
            + "flatters that test. Untrained is the test before the first episode.");
        page.Add(RunTables.Summary(runs));
        page.Attach(RunTables.Tests(runs));
        Problems(page, runs);
        page.Section("Learning curves");
        bool sameMethods = runs.DistinctBy(run => (run.Task, run.Method)).Count() < runs.Count;
        foreach (IGrouping<string, RunResult> ofTask in runs.GroupBy(run => run.Task))
            Curves(page, ofTask.Key, [.. ofTask.Select(run => (sameMethods ? run.Name : run.Method, run))]);
        if (pictures.Count > 0) page.Section("Policies");
        foreach (RunPicture picture in pictures) page.Add(picture);
        Aggregate(page, runs);
        Details(page, runs);
        return page;
    }

    /// <summary>A chart of the runs of a task.</summary>
    public static void Curves(
        ReportPage page, string task, IReadOnlyList<(string Name, RunResult Run)> runs, params Level[] levels)
    {
        Curve[] curves = [.. runs.Select(run => RunTables.Curve(run.Run, run.Name)).Where(c => c.Points.Count > 0)];
        if (curves.Length == 0) return;
        page.Figure(Chart.Curves("training episodes", "test score", curves, levels),
            $"{task}: median test score of the seeds, with the lowest and the highest, up to the last test that all "
            + "seeds have; " + string.Join("; ", curves.Select(c =>
                $"{c.Name} from {RunTables.Score(c.Points[0].Middle)} to {RunTables.Score(c.Points[^1].Middle)} after "
                + $"{c.Points[^1].X} episodes")) + ".");
    }

    /// <summary>Notes on runs that are not finished and on learners that diverged or stopped.</summary>
    public static void Problems(ReportPage page, IReadOnlyList<RunResult> runs)
    {
        foreach (RunResult run in runs)
        {
            if (!run.IsFinished)
                page.Note($"{run.Name} is not finished: {run.Ended} of {run.Episodes} episodes."
                    + (run.IsVerified ? " Its metrics.csv is incomplete, since the run was verified, which comes at "
                        + "the end: naf train --resume writes the file again." : ""));
            foreach (LearnerResult learner in run.Learners)
            {
                if (learner.DivergedEpisode is { } episode)
                    page.Note($"{run.Name}, seed {learner.Seed}: Q was seen to diverge after episode {episode}.");
                if (learner.UnstableEpisodes > 0)
                    page.Note($"{run.Name}, seed {learner.Seed}: the simulation broke down in "
                        + $"{learner.UnstableEpisodes} of its training and test episodes.");
                if (learner.Stopped is { } reason)
                    page.Note($"{run.Name}, seed {learner.Seed} stopped early: {reason}.");
            }
        }
    }

    // methods that were run on the same tasks, by scores relative to the untrained and the best median of each task
    private static void Aggregate(ReportPage page, IReadOnlyList<RunResult> runs)
    {
        (string Name, double[][] Scores)[] methods = Normalised(runs);
        if (methods.Length < 2)
        {
            if (runs.DistinctBy(run => run.Method).Count() > 1)
                page.Note("Methods are not compared over tasks: no task has runs of all of them.");
            return;
        }
        page.Section("Methods over all tasks");
        page.Paragraph("Scores are relative to each task: 0 is the untrained policy and 1 the best median of these "
            + "runs. Each learner counts by the verified score of its best policy, or by its best test if any learner "
            + "was not verified; the intervals are stratified bootstrap intervals of 95 %. "
            + $"Tasks that all methods share: {methods[0].Scores.Length}.");
        var means = methods.Select(m => (m.Name, ScoreStatistics.Bootstrap(
            m.Scores, scores => ScoreStatistics.InterquartileMean([.. scores.SelectMany(s => s)])))).ToArray();
        page.Add(new ReportTable("aggregate", "Interquartile mean of the relative scores",
            ["method", "interquartile mean", "from", "to"],
            [.. means.Select(m => (string[])[m.Name, .. Numbers(m.Item2)])]));
        page.Figure(Chart.Intervals("interquartile mean of the relative scores", means),
            "Interquartile mean of each method with its 95 % interval.");
        page.Figure(Chart.Curves("relative score τ", "share of learners above τ", [.. methods.Select(m =>
            new Curve(m.Name, [.. Thresholds.Zip(ScoreStatistics.Profile(m.Scores, Thresholds),
                (t, share) => new CurvePoint(t, share, share, share))]))]),
            "Performance profile: the share of learners, over all tasks, whose relative score is above τ.");
        var pairs = from x in methods.Index() from y in methods.Skip(x.Index + 1) select (
            $"{x.Item.Name} over {y.Name}", ScoreStatistics.Bootstrap([.. x.Item.Scores, .. y.Scores], both =>
                ScoreStatistics.ProbabilityOfImprovement(both[..y.Scores.Length], both[y.Scores.Length..])));
        page.Add(new ReportTable("improvement",
            "Probability that a learner of one method has a better score than one of the other on the same task",
            ["methods", "probability", "from", "to"],
            [.. pairs.Select(p => (string[])[p.Item1, .. Numbers(p.Item2)])]));
    }

    private static (string Name, double[][] Scores)[] Normalised(IReadOnlyList<RunResult> runs)
    {
        RunResult[] scored =
            [.. runs.Where(run => run.Learners.All(l => l is { Best: not null, Untrained: not null }))];
        bool verified = scored.All(run => run.Learners.All(l => l.VerifiedBest is not null));
        double? Score(LearnerResult l) => verified ? l.VerifiedBest : l.Best;
        var methods = scored.GroupBy(run => run.Method).ToArray();
        // each method's tasks count once, and only those that all methods have
        string[] tasks = [.. methods.Select(m => m.Select(run => run.Task).Distinct())
            .Aggregate((IEnumerable<string>?)null, (a, b) => a?.Intersect(b) ?? b) ?? []];
        if (tasks.Length == 0) return [];
        return [.. methods.Select(method => (method.Key, tasks.Select(task =>
        {
            double low = scored.Where(r => r.Task == task).Min(r => r.Median(l => l.Untrained)!.Value),
                high = scored.Where(r => r.Task == task).Max(r => r.Median(Score)!.Value);
            double range = high > low ? high - low : 1;
            return method.Where(r => r.Task == task).SelectMany(r => r.Learners)
                .Select(l => (Score(l)!.Value - low) / range).ToArray();
        }).ToArray()))];
    }

    /// <summary>What each run was: its command, versions and hardware, and its models.</summary>
    public static void Details(ReportPage page, IReadOnlyList<RunResult> runs)
    {
        page.Section("How the runs were made");
        page.Commands(runs.Select(run => run.Command));
        string[] keys = ["naf", "commit", "mujoco", "device", "hardware", "instructions", "system"];
        page.Add(new ReportTable("versions", "Versions and hardware", ["run", .. keys],
            [.. runs.Select(run => (string[])
                [run.Name, .. keys.Select(key => run.Versions.GetValueOrDefault(key, ""))])]));
        RunResult[] timed = [.. runs.Where(run => run.Parts?.Values.Sum() > 0)];
        if (timed.Length > 0)
        {
            string[] parts = [.. timed.SelectMany(run => run.Parts!.Keys).Distinct()];
            page.Add(new ReportTable("time", "Share of the training time", ["run", .. parts],
                [.. timed.Select(run => (string[])[run.Name, .. parts.Select(part =>
                    $"{100 * run.Parts!.GetValueOrDefault(part) / run.Parts!.Values.Sum():0} %")])]));
        }
        RunResult[] imagining = [.. runs.Where(run => run.ImaginedUntil is not null)];
        if (imagining.Length > 0)
            page.Add(new ReportTable("models", "Imagination",
                ["run", "last episode with imagined steps", "median model error one step ahead, standard deviations"],
                [.. imagining.Select(run => (string[])
                    [run.Name, $"{run.ImaginedUntil}", run.ModelError is { } e ? Texts.Number(e) : ""])]));
    }

    private static string[] Numbers(Estimate e) =>
        [RunTables.Score(e.Value), RunTables.Score(e.Low), RunTables.Score(e.High)];
}
