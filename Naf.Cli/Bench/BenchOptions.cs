using System.CommandLine;
using System.Globalization;
using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Runs;

namespace Naf.Cli.Bench;

/// <summary>What the benchmarks of kernels have in common: where they run, for how long, and how their result is shown.</summary>
/// <param name="standardSeconds">Seconds of timing where none are given.</param>
internal sealed class BenchOptions(double standardSeconds)
{
    private readonly Option<string?> _device = CliOption.Text("--device", "D", "auto, cpu, cuda:N, opencl:N or emulated [auto]");
    private readonly Option<string?> _threads = CliOption.Text("--threads", "N", "threads where the device is the CPU; 0: one per core [0]");
    private readonly Option<string?> _seconds = CliOption.Text(
        "--seconds", "S", string.Create(CultureInfo.InvariantCulture, $"seconds of timing, after compiling and checking [{standardSeconds}]"));

    private readonly Option<bool> _json = CliOption.Json();

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_device, _threads, _seconds, _json]) command.Add(option);
    }

    /// <summary>Seconds of timing.</summary>
    /// <exception cref="UserException">They are not a number above 0.</exception>
    public double Seconds(ParseResult parsed) => OptionValue.Seconds("--seconds", parsed.GetValue(_seconds), standardSeconds);

    /// <summary>Opens the device.</summary>
    /// <exception cref="DeviceException">It can't be had.</exception>
    public Device Open(ParseResult parsed, Terminal terminal)
    {
        Device device = DeviceList.Select(
            parsed.GetValue(_device) ?? "auto", OptionValue.Integer("--threads", parsed.GetValue(_threads), 0, 0, 256));
        if (device.Note.Length > 0) terminal.Warn(device.Note);
        return device;
    }

    /// <summary>The CPU's threads in a sentence; nothing for another device.</summary>
    public static string Threads(int threads) => threads == 0 ? "" : $", threads {threads}";

    /// <summary>Runs a benchmark whose sizes the user has given.</summary>
    /// <exception cref="UserException">They do not go together.</exception>
    public static T Run<T>(Func<T> benchmark)
    {
        try
        {
            return benchmark();
        }
        catch (ArgumentException e)
        {
            throw new UserException(e.Message);
        }
    }

    /// <summary>Measures the device's ceilings and shows a result beside them.</summary>
    /// <param name="fields">The result, for JSON.</param>
    /// <param name="sentence">The result in a few words.</param>
    /// <param name="gflop">GFLOP/s reached.</param>
    /// <param name="gigabytes">GB/s reached.</param>
    public void Show(ParseResult parsed, Terminal terminal, Device device, object fields, string sentence, double gflop, double gigabytes)
    {
        DeviceCeiling ceiling = DeviceCeiling.Measure(device);
        if (parsed.GetValue(_json))
            Json.Write(terminal.Out, fields, new
            {
                GflopPerSecond = gflop, GigabytesPerSecond = gigabytes, CeilingGflopPerSecond = ceiling.GflopPerSecond,
                CeilingGigabytesPerSecond = ceiling.GigabytesPerSecond,
                CeilingProductGflopPerSecond = ceiling.ProductGflopPerSecond, Hardware = device.Info.Description, device.Info.Driver,
                Version = Versions.Product, Commit = Versions.BuiltFrom,
            });
        else
            terminal.Out.WriteLine(sentence + string.Create(CultureInfo.InvariantCulture,
                $"; {gflop:0.0} of {ceiling.GflopPerSecond:0.0} GFLOP/s, {gigabytes:0.0} of {ceiling.GigabytesPerSecond:0.0} GB/s")
                + (ceiling.ProductGflopPerSecond is { } product
                    ? string.Create(CultureInfo.InvariantCulture, $"; cuBLAS products reach {product:0.0} GFLOP/s") : ""));
    }
}
