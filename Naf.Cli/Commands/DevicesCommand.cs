using System.CommandLine;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;

namespace Naf.Cli.Commands;

/// <summary><c>naf devices</c>: lists the devices that can train, and what to install if there is no GPU.</summary>
internal static class DevicesCommand
{
    private static readonly string[] Heads =
        ["name", "kind", "hardware", "units", "memory", "driver", "kernels", "state"];

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "devices", "Lists the devices of this machine.", "naf devices --json", parsed => Run(terminal, parsed))
    {
        CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        IReadOnlyList<DeviceInfo> devices = DeviceList.All();
        IReadOnlyList<string> missing = DeviceList.Missing();
        if (parsed.IsJson())
        {
            Json.Write(terminal.Out, new { Devices = devices, Missing = missing });
            return 0;
        }
        terminal.WriteTable([Heads, .. devices.Select(Row)]);
        if (!devices.Any(d => d.IsGpu && d.Usable))
            foreach (string library in missing) terminal.Out.WriteLine(library);
        return 0;
    }

    private static string[] Row(DeviceInfo d) =>
    [
        d.Name, d.Kind == "cpu" ? d.Kind : $"{d.Kind} {(d.IsGpu ? "GPU" : "CPU")}", d.Description, $"{d.Units}",
        $"{d.Memory / 1073741824.0:F1} GiB", d.Driver.Length > 0 ? d.Driver : "-", d.Instructions,
        d.Usable ? "usable" : d.Reason,
    ];
}
