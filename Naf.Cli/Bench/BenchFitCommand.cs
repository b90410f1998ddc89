using System.CommandLine;
using System.Globalization;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Cli.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench fit</c>: milliseconds of a fit of the dynamics, after its result was held against the reference.</summary>
internal static class BenchFitCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new FitBenchmarkSettings();
        var options = new BenchOptions(standard.Seconds);
        var learners = CliOption.Text("--learners", "P", $"learners at once [{standard.Learners}]");
        var horizon = CliOption.Text("--horizon", "T", $"time steps [{standard.Horizon}]");
        var state = CliOption.Text("--state", "N", $"entries of the state [{standard.State}]");
        var action = CliOption.Text("--action", "N", $"entries of the action [{standard.Action}]");
        var episodes = CliOption.Text("--episodes", "N", $"episodes that are fitted [{standard.Episodes}]");
        var command = new ExampleCommand("fit", "Times the fit of time-varying linear-Gaussian dynamics: moments, prior, conditioning, Cholesky.",
            "naf bench fit --device cpu --threads 1 --json")
        {
            learners, horizon, state, action, episodes,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Learners = OptionValue.Integer("--learners", parsed.GetValue(learners), standard.Learners, 1, 4096),
                Horizon = OptionValue.Integer("--horizon", parsed.GetValue(horizon), standard.Horizon, 1, 100_000),
                State = OptionValue.Integer("--state", parsed.GetValue(state), standard.State, 1, 400),
                Action = OptionValue.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Episodes = OptionValue.Integer("--episodes", parsed.GetValue(episodes), standard.Episodes, 1, 10_000),
                Seconds = options.Seconds(parsed),
            };
            using Device device = options.Open(parsed, terminal);
            FitBenchmarkResult r = BenchOptions.Run(() => FitBenchmark.Run(device, settings));
            options.Show(parsed, terminal, device, new
            {
                r.Device, r.Instructions, r.Threads, r.Settings.Learners, r.Settings.Horizon, r.Settings.State, r.Settings.Action,
                r.Settings.Episodes, r.MillisecondsPerFit, r.MillisecondsPerLearner, r.Rounds, r.Error,
            }, string.Create(CultureInfo.InvariantCulture,
                $"{r.MillisecondsPerFit:0.000} ms a fit on {r.Device} ({r.Instructions})"
                + $"{BenchOptions.Threads(r.Threads)}, learners {r.Settings.Learners}, "
                + $"{r.Settings.Horizon} time steps of state {r.Settings.State} and action {r.Settings.Action}"),
                r.GflopPerSecond, r.GigabytesPerSecond);
            return 0;
        });
        return command;
    }
}
