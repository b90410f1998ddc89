using System.CommandLine;
using Naf.Checks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Runs;

namespace Naf.Cli.Commands;

/// <summary><c>naf check</c>: compares every kernel with double precision; run it first on a new GPU.</summary>
internal static class CheckCommand
{
    private static readonly string[] Heads = ["kernel", "size", "largest error", "bound", "verdict"];

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "check", "Compares every kernel of a device with double precision.", "naf check --device cuda:0",
        parsed => Run(terminal, parsed))
    {
        CliOption.Device(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        using Device device = DeviceList.Select(parsed.Given("--device") ?? "auto");
        if (device.Note.Length > 0) terminal.Warn(device.Note);
        KernelCheckResult[] results = [.. KernelCheck.Run(device)];
        int failed = results.Count(r => !r.Passed);
        if (parsed.IsJson())
            Json.Write(terminal.Out, new
            {
                Device = device.Info.Name, Hardware = device.Info.Description,
                device.Info.Driver, device.Info.Instructions, Passed = failed == 0, Kernels = results,
                Version = Versions.Product, Commit = Versions.BuiltFrom,
            });
        else
        {
            terminal.WriteTable([Heads, .. results.Select(Row)]);
            terminal.Out.WriteLine($"{device.Info.Name} ({device.Info.Description}) computes " + (failed == 0
                ? $"right: {results.Length} of {results.Length} checks passed"
                : $"wrong: {failed} of {results.Length} checks failed; update its driver, or train with --device cpu"));
        }
        return failed == 0 ? 0 : ExitCode.Failed;
    }

    private static string[] Row(KernelCheckResult r) =>
    [
        r.Kernel, r.Size, $"{r.Error:0.0e+00}", $"{r.Bound:0.0e+00}",
        r.Passed ? "passed" : r.Problem.Length > 0 ? r.Problem : "WRONG",
    ];
}
