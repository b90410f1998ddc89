using System.CommandLine;
using System.Globalization;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench rollout</c>: imagined steps per second, after their rows were held against the reference.</summary>
internal static class BenchRolloutCommand
{
    public static Command Create(Terminal terminal)
    {
        var standard = new RolloutBenchmarkSettings();
        var options = new BenchOptions(standard.Seconds);
        var learners = CliOption.Text("--learners", "P", $"learners at once [{standard.Learners}]");
        var rollouts = CliOption.Text("--rollouts", "M", $"rollouts of a learner in one call [{standard.Rollouts}]");
        var steps = CliOption.Text("--steps", "L", $"steps of a rollout [{standard.Steps}]");
        var joints = CliOption.Text("--joints", "N", $"hinges of the robot: half of its state [{standard.Joints}]");
        var action = CliOption.Text("--action", "N", $"entries of the action [{standard.Action}]");
        var hidden = CliOption.Text("--hidden", "A,B", $"units of each hidden layer [{string.Join(',', standard.Hidden)}]");
        var command = new ExampleCommand("rollout", "Times imagination rollouts: policy, noise, fitted dynamics, observation, reward, into R_f.",
            "naf bench rollout --device cpu --threads 1 --json")
        {
            learners, rollouts, steps, joints, action, hidden,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = standard with
            {
                Learners = OptionValue.Integer("--learners", parsed.GetValue(learners), standard.Learners, 1, 4096),
                Rollouts = OptionValue.Integer("--rollouts", parsed.GetValue(rollouts), standard.Rollouts, 1, 1 << 20),
                Steps = OptionValue.Integer("--steps", parsed.GetValue(steps), standard.Steps, 1, 1000),
                Joints = OptionValue.Integer("--joints", parsed.GetValue(joints), standard.Joints, 1, 200),
                Action = OptionValue.Integer("--action", parsed.GetValue(action), standard.Action, 1, 64),
                Hidden = BenchHidden.Read(parsed.GetValue(hidden), standard.Hidden),
                Seconds = options.Seconds(parsed),
            };
            using Device device = options.Open(parsed, terminal);
            RolloutBenchmarkResult r = BenchOptions.Run(() => RolloutBenchmark.Run(device, settings));
            options.Show(parsed, terminal, device, new
            {
                r.Device, r.Instructions, r.Threads, r.Settings.Learners, r.Settings.Rollouts, r.Settings.Steps, State = 2 * r.Settings.Joints,
                r.Settings.Action, r.Settings.Hidden, r.Settings.Horizon, r.ImaginedStepsPerSecond, r.Rounds, r.Error,
            }, string.Create(CultureInfo.InvariantCulture,
                $"{Texts.Rate(r.ImaginedStepsPerSecond)} imagined steps/s on {r.Device} ({r.Instructions})"
                + $"{BenchOptions.Threads(r.Threads)}, learners "
                + $"{r.Settings.Learners}, {r.Settings.Rollouts} rollouts of {r.Settings.Steps}"), r.GflopPerSecond, r.GigabytesPerSecond);
            return 0;
        });
        return command;
    }
}
