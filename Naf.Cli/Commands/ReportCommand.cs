using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Pictures;
using Naf.Host.Reports;

namespace Naf.Cli.Commands;

/// <summary><c>naf report</c>: a page of curves, scores and statistics of runs.</summary>
internal static class ReportCommand
{
    // an episode is played for each, and a page holds them all
    private const int MostPictures = 12;

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "report",
        "Writes a page (HTML, with Markdown and CSV) on runs: scores, curves, statistics, how they were made.",
        "naf report runs/cartpole-naf-1 runs/cartpole-ddpg-1 --out report", parsed => Run(terminal, parsed))
    {
        new Argument<string[]>("RUN")
        {
            Description = "run folders, finished or not, or result files of naf reproduce (.json)",
            Arity = ArgumentArity.OneOrMore,
        },
        CliOption.Text("--out", "DIR", "the folder of the report [report]"),
        CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        string folder = parsed.Folder("--out") ?? "report";
        string[] names = parsed.GetValue<string[]>("RUN")!;
        if (names.FirstOrDefault(name => name.StartsWith("--", StringComparison.Ordinal)) is { } unknown)
            throw new UserException($"naf report has no option {unknown}; naf report --help shows what there is");
        if (names.GroupBy(Path.GetFullPath).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new UserException($"{twice.First()} is given twice; name each run once");
        RunResult[] runs = [.. names.Select(RunResult.Read)];
        // the candidates of two sweeps have the same names
        if (runs.DistinctBy(run => run.Name).Count() < runs.Length)
            runs = [.. runs.Zip(names, (run, path) => run with { Name = path })];
        RunPicture[] pictures = [.. names.Take(MostPictures).Select(RunPicture.OfReport).OfType<RunPicture>()];
        IReadOnlyList<string> files = RunReport.Of(runs, pictures).Write(folder, "report");
        if (parsed.IsJson()) Json.Write(terminal.Out, new { Page = files[0], Files = files, Runs = runs.Length });
        else terminal.Out.WriteLine($"report: {files[0]}");
        return 0;
    }
}
