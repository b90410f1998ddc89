using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Reproduction;
using Naf.Host.Settings;

namespace Naf.Cli.Commands;

/// <summary><c>naf reproduce</c>: the tables and figures of the paper.</summary>
internal static class ReproduceCommand
{
    private const string All = "all";

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "reproduce", "Trains what a table or figure of the paper shows, and writes our numbers beside the paper's.",
        "naf reproduce table1 --quick --out table1      everything but the learning, in minutes",
        parsed => Run(terminal, parsed))
    {
        new Argument<string>("WHAT") { Description = $"{string.Join(", ", Experiments.Names)} or {All}" },
        CliOption.Flag("--quick", "few episodes of two seeds, to see that everything works"),
        CliOption.Flag("--page", "train nothing: write the page of the results that there are"),
        CliOption.Text("--seeds", "A..B", "a learner for each seed from A to B [0..4; of more than 1,000 episodes "
            + "0..2; figure2 0..9; with --quick 0..1]"),
        CliOption.Device(), CliOption.Text("--threads", "N", "threads of the CPU [one per core]"),
        CliOption.Text("--out", "DIR", "the folder of runs, results and page; what is there is kept [reproduction]"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        string what = parsed.GetValue<string>("WHAT")!, folder = parsed.Folder("--out") ?? "reproduction";
        string[] parts = what == All ? Experiments.Names : Experiments.Names.Contains(what) ? [what]
            : throw new UserException(
                $"naf reproduce has no '{what}'{Texts.DidYouMean(what, [.. Experiments.Names, All])}");
        bool quick = parsed.GetValue<bool>("--quick");
        var options = new ReproductionOptions(
            quick, parsed.Given("--seeds") is { } seeds ? SeedRange.Parse(seeds, "--seeds") : null,
            parsed.Given("--device") ?? "auto", parsed.Integer("--threads", 0, 0, 256));
        var reproduction = new Reproduction(folder, Experiments.Of(parts), options);
        using var stop = new StopSignals();
        var warnings = new MujocoWarningReport();
        bool onlyPage = parsed.GetValue<bool>("--page"), finished;
        using (onlyPage ? null : ProgressDisplay.Show(terminal, parsed.IsQuiet(), () => reproduction.Progress))
            finished = onlyPage ? reproduction.Read()
                : reproduction.Run(terminal.Warn, parsed.IsQuiet() ? _ => { } : terminal.Log, stop.Token);
        warnings.Give(terminal);
        IReadOnlyList<string> files =
            new ReproductionPage(folder, reproduction.Results, quick).Of(parts).Write(folder, what);
        if (parsed.IsJson())
            Json.Write(terminal.Out, new { Page = files[0], Files = files, Finished = finished, Quick = quick });
        else terminal.Out.WriteLine($"{what}: {files[0]}");
        if (finished || onlyPage) return 0;
        terminal.Warn($"stopped; the same command goes on, and {files[0]} shows what there is");
        return stop.Token.IsCancellationRequested ? stop.ExitCode : ExitCode.Failed;
    }
}
