using System.CommandLine;
using System.Globalization;
using Naf.Cli.Benchmarks;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Settings;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench step</c>: seconds of a training episode, and the share of each part.</summary>
internal static class BenchStepCommand
{
    public static Command Create(Terminal terminal)
    {
        var task = CliOption.Text("--task", "TASK", "the task [reacher-single]");
        var rounds = CliOption.Text("--rounds", "N", "rounds of refit_episodes episodes and a fit [3]");
        var device = CliOption.Text("--device", "D", "auto, cpu, cuda:N, opencl:N or emulated [auto]");
        var threads = CliOption.Text("--threads", "N", "threads of the CPU; 0: one per core [0]");
        var set = CliOption.Texts("--set", "KEY=VALUE", "change a setting, such as plan=ilqg; may be repeated");
        var json = CliOption.Json();
        var command = new ExampleCommand(
            "step", "Times whole training episodes of Algorithm 2: fitted imagination with I = 5, l = 10 and I · l updates, unless set otherwise.",
            "naf bench step --task reacher-single --json")
        {
            task, rounds, device, threads, set, json,
        };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(task) ?? "reacher-single";
            int count = OptionValue.Integer("--rounds", parsed.GetValue(rounds), 3, 1, 1000);
            // the paper's own numbers, whatever suits the task
            GivenValue[] standard =
            [
                new("imagination", "fitted", "bench step"), new("imagined_updates", "0", "bench step"),
                new("imagination_off_after", "0", "bench step"), new("imagination_patience", "0", "bench step"),
                new("imagination_error_limit", "0", "bench step"),
            ];
            var given = parsed.GetValue(set)!.Select(SettingsResolver.Split).ToList();
            if (parsed.GetValue(device) is { } d) given.Add(new GivenValue("device", d, "--device"));
            if (parsed.GetValue(threads) is { } t) given.Add(new GivenValue("threads", t, "--threads"));
            StepBenchmarkResult r = StepBenchmark.Run(
                name, loaded => SettingsResolver.Resolve([.. GivenValue.Of(loaded), .. standard, .. given]), count);
            if (parsed.GetValue(json)) Json.Write(terminal.Out, r);
            else terminal.Out.WriteLine(Sentence(r));
            return 0;
        });
        return command;
    }

    private static string Sentence(StepBenchmarkResult r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.SecondsPerEpisode:0.00} s an episode of {r.Task} on {r.Device}, threads {r.Threads}: {r.UpdatesPerEpisode:0} updates, ")
        + $"{Texts.Rate(r.UpdatesPerSecond)} updates/s; "
        + string.Join(", ", r.Shares.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} {s.Value:0.0%}")));
}
