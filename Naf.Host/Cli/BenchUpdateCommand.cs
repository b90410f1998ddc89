using System.CommandLine;
using System.Globalization;
using Naf.Gpu;
using Naf.Kernels;

namespace Naf.Host;

/// <summary><c>naf bench update</c>: updates of the learner per second, after its result was held against the reference.</summary>
internal static class BenchUpdateCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new UpdateBenchmarkSettings();
        var device = CliOption.Text("--device", "D", "auto, cpu, cuda:N or opencl:N [auto]");
        var threads = CliOption.Text("--threads", "N", "threads of the CPU; 0: one per core [0]");
        var learners = CliOption.Text("--learners", "P", $"learners at once [{standard.Learners}]");
        var batch = CliOption.Text("--batch", "M", $"transitions in a minibatch [{standard.Batch}]");
        var state = CliOption.Text("--state", "N", $"entries of the observation [{standard.State}]");
        var action = CliOption.Text("--action", "N", $"entries of the action [{standard.Action}]");
        var hidden = CliOption.Text("--hidden", "A,B", $"units of each hidden layer [{string.Join(',', standard.Hidden)}]");
        var trunk = CliOption.Flag("--trunk", "one trunk for V, μ and L");
        var batchNorm = CliOption.Flag("--batch-norm", "batch normalisation");
        var seconds = CliOption.Text("--seconds", "S", $"seconds of timing [{standard.Seconds}]");
        var json = CliOption.Json();
        var command = new ExampleCommand("update", "Times the learner's update, all of it: minibatch, targets, loss, gradient, Adam, Polyak.",
            "naf bench update --device cpu --threads 1 --json")
        {
            device, threads, learners, batch, state, action, hidden, trunk, batchNorm, seconds, json,
        };
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Learners = OptionValue.Integer("--learners", parsed.GetValue(learners), standard.Learners, 1, 4096),
                Batch = OptionValue.Integer("--batch", parsed.GetValue(batch), standard.Batch, 1, 10_000),
                State = OptionValue.Integer("--state", parsed.GetValue(state), standard.State, 1, 4096),
                Action = OptionValue.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Hidden = parsed.GetValue(hidden) is { } sizes
                    ? SettingsResolver.Resolve([new GivenValue("hidden", sizes, "--hidden")]).Naf.Hidden : standard.Hidden,
                Trunk = parsed.GetValue(trunk),
                BatchNorm = parsed.GetValue(batchNorm),
                Seconds = OptionValue.Seconds("--seconds", parsed.GetValue(seconds), standard.Seconds),
            };
            int team = OptionValue.Integer("--threads", parsed.GetValue(threads), 0, 0, 256);
            using Device opened = DeviceList.Select(parsed.GetValue(device) ?? "auto", team);
            UpdateBenchmarkResult r = UpdateBenchmark.Run(opened, settings);
            if (parsed.GetValue(json))
                Json.Write(terminal.Out, new
                {
                    r.Device, r.Instructions, r.Threads, r.Settings.Learners, r.Settings.Batch, r.Settings.State, r.Settings.Action,
                    r.Settings.Hidden, r.Settings.Trunk, r.Settings.BatchNorm, r.UpdatesPerSecond, r.Rounds, r.ActiveUnits, r.GradientError,
                    Version = Versions.Product, Commit = Versions.BuiltFrom,
                });
            else
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{Texts.Rate(r.UpdatesPerSecond)} updates/s on {r.Device} ({r.Instructions}), threads {r.Threads}, ")
                    + string.Create(CultureInfo.InvariantCulture, $"learners {r.Settings.Learners}, batch {r.Settings.Batch}"));
            return 0;
        });
        return command;
    }
}
