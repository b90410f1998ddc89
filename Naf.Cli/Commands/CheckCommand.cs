using System.CommandLine;
using Naf.Checks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Runs;

namespace Naf.Cli.Commands;

/// <summary><c>naf check</c>: every kernel of a device held against double precision; what a user runs first on a new GPU.</summary>
internal static class CheckCommand
{
    private static readonly string[] Heads = ["kernel", "size", "largest error", "bound", "verdict"];

    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand("check", "Holds every kernel of a device against double precision.", "naf check --device cuda:0")
        {
            CliOption.Device(), CliOption.Json(),
        };
        command.SetAction(parsed =>
        {
            using Device device = DeviceList.Select(parsed.Given("--device") ?? "auto");
            if (device.Note.Length > 0) terminal.Warn(device.Note);
            KernelCheckResult[] results = [.. KernelCheck.Run(device)];
            bool passed = results.All(r => r.Passed);
            if (parsed.IsJson())
                Json.Write(terminal.Out, new
                {
                    Device = device.Info.Name, Hardware = device.Info.Description, device.Info.Driver, device.Info.Instructions, Passed = passed,
                    Kernels = results, Version = Versions.Product, Commit = Versions.BuiltFrom,
                });
            else
            {
                terminal.WriteTable([Heads, .. results.Select(Row)]);
                int failed = results.Count(r => !r.Passed);
                terminal.Out.WriteLine(passed
                    ? $"{device.Info.Name} ({device.Info.Description}) computes right: {results.Length} of {results.Length} checks passed"
                    : $"{device.Info.Name} ({device.Info.Description}) computes wrong: {failed} of {results.Length} checks failed; "
                        + "update its driver, or train with --device cpu");
            }
            return passed ? 0 : ExitCode.Failed;
        });
        return command;
    }

    private static string[] Row(KernelCheckResult r) =>
        [r.Kernel, r.Size, Number(r.Error), Number(r.Bound), r.Passed ? "passed" : r.Problem.Length > 0 ? r.Problem : "WRONG"];

    private static string Number(double value) => value.ToString("0.0e+00", CultureInfo.InvariantCulture);
}
