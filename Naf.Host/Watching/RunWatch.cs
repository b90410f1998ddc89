using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Pictures;
using Naf.Host.Reports;
using Naf.Host.Runs;
using Row = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Naf.Host.Watching;

/// <summary>The page on a run as it is now, which a browser loads again and again.</summary>
internal sealed class RunWatch(string folder)
{
    private const int Width = 640, Height = 480, MostSeeds = 7, MostPoints = 400;

    // figures beside each other, and contents that are replaced every five seconds, so that a reader's place stays
    private const string Head = """
        <style>
        nav { display: none; } figure { margin: 0.5rem 0; box-sizing: border-box; }
        @media (min-width: 60rem) {
          body { max-width: 90rem; }
          figure { display: inline-block; width: 49%; vertical-align: top; padding-right: 1rem; }
        }
        </style>
        <link rel="icon" href="data:," />
        <noscript><meta http-equiv="refresh" content="5" /></noscript>
        <script>
        setInterval(async () => {
          try {
            const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
            document.querySelector("main").replaceWith(page.querySelector("main"));
            document.title = page.title;
          } catch { document.title = "ended: " + document.title.replace(/^ended: /, ""); }
        }, 5000);
        </script>
        """;

    private static readonly (string Column, string Axis, string Caption)[] Columns =
    [
        ("test_score", "test score", "Test score: the policy's mean score over the run's fixed starts, without noise."),
        ("train_score", "training score", "Score of each training episode, with exploration noise."),
        ("loss", "loss", "Mean loss of the updates of each episode, in scaled rewards."),
        ("mean_q", "mean Q", "Mean Q of the minibatches of each episode, in scaled rewards."),
    ];

    // in any state: just begun, training, killed, finished
    private readonly string _folder = RunFolder.IsRun(folder) ? folder : throw RunFolder.NoRun(folder);
    private (string Version, string Page) _page = ("", "");
    private (string Version, RunPicture Picture) _picture = ("", new RunPicture(null, ""));

    /// <summary>The page, made again only if a file of the run has changed.</summary>
    public string Page()
    {
        string version = string.Join('|', new[]
        {
            RunFolder.ConfigOf(_folder), RunFolder.MetricsOf(_folder), RunFolder.VerificationOf(_folder), Newest,
        }.Where(path => path.Length > 0).Select(path => $"{path} {File.GetLastWriteTimeUtc(path).Ticks}"));
        if (_page.Version != version) _page = (version, Make());
        return _page.Page;
    }

    // the newest checkpoint; "" if there is none yet
    private string Newest => RunFolder.CheckpointsOf(_folder).Files is [var newest, ..] ? newest : "";

    private string Make()
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_folder)));
        var page = new ReportPage(name);
        try
        {
            RunResult run = RunReader.Read(_folder);
            string metrics = RunFolder.MetricsOf(_folder);
            Row[] rows = File.Exists(metrics) ? [.. CsvRows.Read(metrics)] : [];
            page.Paragraph($"{run.Task}, {run.Method}. " + (rows.Length == 0 ? "No episode has ended yet."
                : $"The last episode ended at {File.GetLastWriteTime(metrics):yyyy-MM-dd HH:mm:ss}."));
            RunReport.Problems(page, [run]);
            page.Section("Training");
            Draw(page);
            foreach ((string column, string axis, string caption) in Columns)
                if (Curves(column, run, rows) is { Length: > 0 } curves)
                    page.Figure(Chart.Curves("training episodes", axis, curves), caption);
            page.Section("Scores");
            page.Add(RunTables.Summary([run]));
            RunReport.Details(page, [run]);
        }
        catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
        {
            page.Note(e.Message);
        }
        return page.Html(Head);
    }

    // a curve for each seed; of many seeds the median with the lowest and the highest
    private static Curve[] Curves(string column, RunResult run, Row[] rows)
    {
        (string Seed, int Episode, double Value)[] points = [.. from row in rows
            where double.TryParse(row.GetValueOrDefault(column), CultureInfo.InvariantCulture, out _)
            let y = double.Parse(row[column], CultureInfo.InvariantCulture)
            where double.IsFinite(y)
            select (row["seed"], int.Parse(row["episode"], CultureInfo.InvariantCulture), y)];
        if (run.Learners.Count <= MostSeeds)
            return [.. points.GroupBy(p => p.Seed, p => new CurvePoint(p.Episode, p.Value, p.Value, p.Value))
                .Select(of => new Curve($"seed {of.Key}", Thin([.. of])))];
        CurvePoint[] medians = RunTables.Medians(points.Select(p => (p.Episode, p.Value)), run.Learners.Count);
        return medians.Length == 0 ? [] : [new Curve($"median of {run.Learners.Count} seeds", Thin(medians))];
    }

    // a chart is some 700 pixels wide; the last point is kept
    private static CurvePoint[] Thin(CurvePoint[] points)
    {
        int stride = (points.Length + MostPoints - 1) / MostPoints;
        return [.. points.Where((_, i) => (points.Length - 1 - i) % stride == 0)];
    }

    // the first learner's policy of the newest checkpoint, at the end of the run's first test episode
    private void Draw(ReportPage page)
    {
        string newest = Newest;
        if (newest.Length == 0)
        {
            page.Paragraph("A picture follows when the first checkpoint has been saved.");
            return;
        }
        if (_picture.Version != newest)
            _picture = (newest, RunPicture.Draw(_folder, best: false, Width, Height));
        page.Add(_picture.Picture);
    }
}
