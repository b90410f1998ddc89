using System.CommandLine;
using System.Globalization;
using Naf.Gpu;

namespace Naf.Host;

/// <summary><c>naf devices</c>: what learners could live on here.</summary>
internal static class DevicesCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = CliOption.Json();
        var command = new ExampleCommand("devices", "Lists the devices of this machine.", "naf devices --json") { json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<DeviceInfo> devices = DeviceList.All();
            if (parsed.GetValue(json)) Json.Write(terminal.Out, new { Devices = devices });
            else terminal.WriteTable([["name", "hardware", "units", "instructions", "memory", "state"], .. devices.Select(Row)]);
            return 0;
        });
        return command;
    }

    private static string[] Row(DeviceInfo d) =>
    [
        d.Name, d.Description, d.Units.ToString(CultureInfo.InvariantCulture), d.Instructions,
        $"{(d.Memory / 1073741824.0).ToString("F1", CultureInfo.InvariantCulture)} GiB", d.Usable ? "usable" : d.Reason,
    ];
}
