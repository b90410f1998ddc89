using System.CommandLine;
using System.Globalization;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench update</c>: updates of the learner per second, after its result was held against the reference.</summary>
internal static class BenchUpdateCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new UpdateBenchmarkSettings();
        var options = new BenchOptions(standard.Seconds);
        var learners = CliOption.Text("--learners", "P", $"learners at once [{standard.Learners}]");
        var batch = CliOption.Text("--batch", "M", $"transitions in a minibatch [{standard.Batch}]");
        var state = CliOption.Text("--state", "N", $"entries of the observation [{standard.State}]");
        var action = CliOption.Text("--action", "N", $"entries of the action [{standard.Action}]");
        var hidden = CliOption.Text("--hidden", "A,B", $"units of each hidden layer [{string.Join(',', standard.Hidden)}]");
        var trunk = CliOption.Flag("--trunk", "one trunk for V, μ and L");
        var batchNorm = CliOption.Flag("--batch-norm", "batch normalisation");
        var updates = CliOption.Text("--updates-per-call", "K", $"updates of a learner in one call, as in a step [{standard.UpdatesPerCall}]");
        var plan = CliOption.Text("--plan", "PLAN", "a GPU's THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases [its own]");
        var command = new ExampleCommand("update", "Times the learner's update, all of it: minibatch, targets, loss, gradient, Adam, Polyak.",
            "naf bench update --device cpu --threads 1 --json")
        {
            learners, batch, state, action, hidden, trunk, batchNorm, updates, plan,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Learners = OptionValue.Integer("--learners", parsed.GetValue(learners), standard.Learners, 1, 4096),
                Batch = OptionValue.Integer("--batch", parsed.GetValue(batch), standard.Batch, 1, 10_000),
                State = OptionValue.Integer("--state", parsed.GetValue(state), standard.State, 1, 4096),
                Action = OptionValue.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Hidden = BenchHidden.Read(parsed.GetValue(hidden), standard.Hidden),
                Trunk = parsed.GetValue(trunk),
                BatchNorm = parsed.GetValue(batchNorm),
                UpdatesPerCall = OptionValue.Integer("--updates-per-call", parsed.GetValue(updates), standard.UpdatesPerCall, 1, 10_000),
                Plan = parsed.GetValue(plan) ?? "",
                Seconds = options.Seconds(parsed),
            };
            using Device device = options.Open(parsed, terminal);
            UpdateBenchmarkResult r = BenchOptions.Run(() => UpdateBenchmark.Run(device, settings));
            options.Show(parsed, terminal, device, new
            {
                r.Device, r.Instructions, r.Threads, r.Plan, r.Settings.Learners, r.Settings.Batch, r.Settings.State, r.Settings.Action,
                r.Settings.Hidden, r.Settings.Trunk, r.Settings.BatchNorm, r.Settings.UpdatesPerCall, r.UpdatesPerSecond, r.Rounds, r.ActiveUnits,
                r.GradientError,
            }, string.Create(CultureInfo.InvariantCulture,
                $"{Texts.Rate(r.UpdatesPerSecond)} updates/s on {r.Device} ({r.Instructions})"
                + $"{BenchOptions.Threads(r.Threads)}, learners {r.Settings.Learners}, "
                + $"batch {r.Settings.Batch}") + (r.Plan.Length > 0 ? $" ({r.Plan})" : ""), r.GflopPerSecond, r.GigabytesPerSecond);
            return 0;
        });
        return command;
    }
}
