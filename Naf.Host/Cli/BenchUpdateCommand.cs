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
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda:N or opencl:N [auto]", HelpName = "D", DefaultValueFactory = _ => "auto" };
        var threads = new Option<string?>("--threads") { Description = "threads of the CPU; 0: one per core [0]", HelpName = "N" };
        var learners = new Option<string?>("--learners") { Description = $"learners at once [{standard.Learners}]", HelpName = "P" };
        var batch = new Option<string?>("--batch") { Description = $"transitions in a minibatch [{standard.Batch}]", HelpName = "M" };
        var state = new Option<string?>("--state") { Description = $"entries of the observation [{standard.State}]", HelpName = "N" };
        var action = new Option<string?>("--action") { Description = $"entries of the action [{standard.Action}]", HelpName = "N" };
        var hidden = new Option<string?>("--hidden") { Description = $"units of each hidden layer [{string.Join(',', standard.Hidden)}]", HelpName = "A,B" };
        var trunk = new Option<bool>("--trunk") { Description = "one trunk for V, μ and L" };
        var batchNorm = new Option<bool>("--batch-norm") { Description = "batch normalisation" };
        var seconds = new Option<string?>("--seconds") { Description = $"seconds of timing [{standard.Seconds}]", HelpName = "S" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new ExampleCommand("update", "Times the learner's update, all of it: minibatch, targets, loss, gradient, Adam, Polyak.",
            "naf bench update --device cpu --threads 1 --json")
        {
            device, threads, learners, batch, state, action, hidden, trunk, batchNorm, seconds, json,
        };
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Learners = Texts.Integer("--learners", parsed.GetValue(learners), standard.Learners, 1, 4096),
                Batch = Texts.Integer("--batch", parsed.GetValue(batch), standard.Batch, 1, 10_000),
                State = Texts.Integer("--state", parsed.GetValue(state), standard.State, 1, 4096),
                Action = Texts.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Hidden = parsed.GetValue(hidden) is { } sizes ? SettingsResolver.Resolve([new GivenValue("hidden", sizes, "--hidden")]).Naf.Hidden : standard.Hidden,
                Trunk = parsed.GetValue(trunk),
                BatchNorm = parsed.GetValue(batchNorm),
                Seconds = Texts.Seconds("--seconds", parsed.GetValue(seconds), standard.Seconds),
            };
            using Device opened = DeviceList.Select(parsed.GetValue(device)!, Texts.Integer("--threads", parsed.GetValue(threads), 0, 0, 256));
            UpdateBenchmarkResult r = UpdateBenchmark.Run(opened, settings);
            if (parsed.GetValue(json))
                Json.Write(terminal.Out, new
                {
                    r.Device, r.Instructions, r.Threads, r.Settings.Learners, r.Settings.Batch, r.Settings.State, r.Settings.Action, r.Settings.Hidden,
                    r.Settings.Trunk, r.Settings.BatchNorm, r.UpdatesPerSecond, r.Rounds, r.ActiveUnits, r.GradientError,
                    Version = Versions.Product, Commit = Versions.BuiltFrom,
                });
            else
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{Texts.Rate(r.UpdatesPerSecond)} updates/s on {r.Device} ({r.Instructions}), threads {r.Threads}, learners {r.Settings.Learners}, batch {r.Settings.Batch}"));
            return 0;
        });
        return command;
    }
}
