using System.CommandLine;
using System.Globalization;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench advantage</c>: evaluations of V, μ, L, A and Q per second, after they were held against the reference.</summary>
internal static class BenchAdvantageCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new AdvantageBenchmarkSettings();
        var options = new BenchOptions(standard.Seconds);
        var samples = CliOption.Text("--batch", "M", $"samples of a call [{standard.Samples}]");
        var action = CliOption.Text("--action", "N", $"entries of the action [{standard.Action}]");
        var command = new ExampleCommand("advantage", "Times the normalized advantage function: V, μ, L, A and Q from the networks' outputs.",
            "naf bench advantage --device cpu --threads 1 --json")
        {
            samples, action,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Samples = OptionValue.Integer("--batch", parsed.GetValue(samples), standard.Samples, 1, 1 << 20),
                Action = OptionValue.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Seconds = options.Seconds(parsed),
            };
            using Device device = options.Open(parsed, terminal);
            AdvantageBenchmarkResult r = BenchOptions.Run(() => AdvantageBenchmark.Run(device, settings));
            options.Show(parsed, terminal, device, new
            {
                r.Device, r.Instructions, r.Threads, Batch = r.Settings.Samples, r.Settings.Action, r.EvaluationsPerSecond, r.Rounds, r.Error,
            }, string.Create(CultureInfo.InvariantCulture,
                $"{Texts.Rate(r.EvaluationsPerSecond)} evaluations/s on {r.Device} ({r.Instructions}){BenchOptions.Threads(r.Threads)}, "
                + $"{r.Settings.Samples} samples of {r.Settings.Action} actions"), r.GflopPerSecond, r.GigabytesPerSecond);
            return 0;
        });
        return command;
    }
}
