using System.CommandLine;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;

namespace Naf.Cli.Commands;

/// <summary><c>naf devices</c>: what learners could live on here, and what to install where that is the processor alone.</summary>
internal static class DevicesCommand
{
    private static readonly string[] Heads = ["name", "kind", "hardware", "units", "memory", "driver", "kernels", "state"];

    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand("devices", "Lists the devices of this machine.", "naf devices --json")
        {
            CliOption.Json(),
        };
        command.SetAction(parsed =>
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
        });
        return command;
    }

    private static string[] Row(DeviceInfo d) =>
    [
        d.Name, d.Kind == "cpu" ? d.Kind : $"{d.Kind} {(d.IsGpu ? "GPU" : "CPU")}", d.Description, d.Units.ToString(CultureInfo.InvariantCulture),
        $"{(d.Memory / 1073741824.0).ToString("F1", CultureInfo.InvariantCulture)} GiB", d.Driver.Length > 0 ? d.Driver : "-", d.Instructions,
        d.Usable ? "usable" : d.Reason,
    ];
}
