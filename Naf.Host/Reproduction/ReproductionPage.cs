using Naf.Host.Pictures;
using Naf.Host.Reports;

namespace Naf.Host.Reproduction;

/// <summary>The page of reproduced tables and figures: our numbers beside the paper's.</summary>
internal sealed class ReproductionPage(
    string folder, IReadOnlyDictionary<string, RunResult> results, bool quick)
{
    private readonly ReportPage _page = new("Continuous deep Q-learning with model-based acceleration, reproduced");

    /// <summary>The page of some of <see cref="Experiments.Names"/>.</summary>
    public ReportPage Of(IReadOnlyList<string> parts)
    {
        if (quick)
            _page.Note("This is a quick run of few episodes, to see that everything works: its scores say nothing of "
                + "the algorithms. Leave out --quick for the paper's number of episodes.");
        _page.Paragraph("Scores are medians over seeds (lowest … highest) of deterministic tests; verified scores "
            + "are from starts that neither training nor the choice of the best policy used. The paper counts "
            + "episodes to within 5 % of the best value, and leaves open of what: both are given, 5 % of the best "
            + "score's size and of its gain over the untrained policy. The models are our own reading of the paper's "
            + "descriptions, so that scores compare only roughly.");
        if (parts.Contains("table1")) Table1();
        if (parts.Contains("table2")) Table2();
        foreach (ReproducedFigure figure in Experiments.Figures.Where(figure => parts.Contains(figure.Key)))
            Figure(figure);
        RunResult[] runs = [.. results.Values];
        _page.Section("All runs");
        _page.Add(RunTables.Summary(runs));
        _page.Attach(RunTables.Tests(runs));
        RunReport.Details(_page, runs);
        return _page;
    }

    private void Table1()
    {
        _page.Section("Table 1: best test scores of DDPG and NAF");
        _page.Add(new ReportTable("scores", "Best test scores, and episodes to within 5 % of them",
            [
                "task", "random (paper)", "untrained", .. Columns("DDPG"), .. Columns("NAF"), "training episodes",
            ],
            [.. PaperResults.Table1.Select(row =>
            {
                RunResult? naf = Found(Experiments.Naf(row.Task)), ddpg = Found(Experiments.Ddpg(row.Task));
                return (string[])
                [
                    row.Task, RunTables.Score(row.Random), RunTables.Score((naf ?? ddpg)?.Median(l => l.Untrained)),
                    .. Paper(row.Ddpg), .. Ours(ddpg), .. Paper(row.Naf), .. Ours(naf),
                    $"{(naf ?? ddpg)?.Episodes}",
                ];
            })]));
        foreach (var row in PaperResults.Table1)
        {
            Experiment[] both = [Experiments.Naf(row.Task), Experiments.Ddpg(row.Task)];
            Chart(row.Task, both, Levels(row.Task));
            foreach (Experiment experiment in both)
                if (RunPicture.OfReport(Reproduction.ResultOf(folder, experiment)) is { } picture) _page.Add(picture);
        }
    }

    private void Table2()
    {
        _page.Section("Table 2: best-case acceleration with true dynamics");
        _page.Paragraph("0.5 and 1 are the fractions of episodes that model-predictive control (MPC) plays; ImR are "
            + "imagination rollouts in the true dynamics.");
        _page.Add(new ReportTable("true-dynamics", "Best test scores, and episodes to within 5 % of them",
            [
                "task", "method", "paper", "paper's episodes", "best", "verified",
                "to 5 % of |best|", "to 5 % of the gain",
            ],
            [.. from row in PaperResults.Table2
                from cell in row.Scores.Zip(PaperResults.Table2Columns, Experiments.Table2Row(row.Task))
                select (string[])[row.Task, cell.Second, .. Paper(cell.First), .. Ours(Found(cell.Third))]]));
    }

    private void Figure(ReproducedFigure figure)
    {
        _page.Section(figure.Title);
        foreach (IGrouping<string, Experiment> ofTask in figure.Experiments.GroupBy(experiment => experiment.Task))
        {
            double? threshold = figure.Threshold?.Invoke(ofTask.Key);
            Chart(ofTask.Key, [.. ofTask], threshold is { } level
                ? [new Level($"threshold {RunTables.Score(level)}", level)]
                : figure.Key == "figure5" ? TrueDynamicsLevels(ofTask.Key) : Levels(ofTask.Key));
            if (threshold is not { } score) continue;
            _page.Add(new ReportTable($"{figure.Key}-{ofTask.Key}",
                $"{ofTask.Key}: episodes until a test is first at {RunTables.Score(score)} or above",
                ["method", "median", "each seed", "best", "last"],
                [.. from experiment in ofTask
                    let run = Found(experiment)
                    where run is not null
                    let first = run.Learners.Select(learner => learner.FirstAtLeast(score)).ToArray()
                    select (string[])
                    [
                        experiment.Label, $"{ScoreStatistics.MedianOrNever(first)?.ToString() ?? "never"}",
                        string.Join(", ", first.Select(episode => $"{episode?.ToString() ?? "never"}")),
                        RunTables.Spread(run.Learners.Select(l => l.Best)),
                        RunTables.Spread(run.Learners.Select(l => l.Last)),
                    ]]));
        }
    }

    private void Chart(string task, IReadOnlyList<Experiment> experiments, Level[] levels)
    {
        foreach (Experiment missing in experiments.Where(e => Found(e) is null))
            _page.Note($"{missing.Name} has not been run yet.");
        RunReport.Curves(_page, task,
            [.. from e in experiments let run = Found(e) where run is not null select (e.Label, run)], levels);
    }

    private static Level[] Levels(string task)
    {
        var row = PaperResults.Table1.First(row => row.Task == task);
        return [new("the paper's NAF", row.Naf.Score), new("the paper's DDPG", row.Ddpg.Score)];
    }

    private static Level[] TrueDynamicsLevels(string task)
    {
        PaperScore[] scores = PaperResults.Table2.First(row => row.Task == task).Scores;
        return [new("the paper's NAF", scores[0].Score), new("the paper's best", scores.Max(score => score.Score))];
    }

    private static string[] Columns(string method) =>
    [
        $"{method} (paper)", $"{method} episodes (paper)", method, $"{method} verified",
        $"{method} to 5 % of |best|", $"{method} to 5 % of the gain",
    ];

    private RunResult? Found(Experiment experiment) => results.GetValueOrDefault(experiment.Name);

    private static string[] Paper(PaperScore score) => [RunTables.Score(score.Score), $"{score.Episodes}"];

    private static string[] Ours(RunResult? run) => run is null ? ["", "", "", ""] :
    [
        RunTables.Spread(run.Learners.Select(l => l.Best)), RunTables.Score(run.Median(l => l.VerifiedBest)),
        RunTables.Episodes(run, ofGain: false), RunTables.Episodes(run, ofGain: true),
    ];
}
