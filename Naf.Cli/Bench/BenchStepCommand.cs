using System.CommandLine;
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
        var command = new ExampleCommand(
            "step", "Times whole training episodes of Algorithm 2: fitted imagination with I = 5, l = 10 and I · l updates, unless set otherwise.",
            "naf bench step --task reacher-single --json")
        {
            CliOption.Text("--task", "TASK", "the task [reacher-single]"),
            CliOption.Text("--rounds", "N", "rounds of refit_episodes episodes and a fit [3]"), CliOption.Device(),
            CliOption.Text("--threads", "N", "threads of the CPU; 0: one per core [0]"),
            CliOption.Set("change a setting, such as plan=ilqg; may be repeated"), CliOption.Json(),
        };
        command.SetAction(parsed =>
        {
            int rounds = parsed.Integer("--rounds", 3, 1, 1000);
            // the paper's own numbers, whatever suits the task
            GivenValue[] standard =
            [
                new("imagination", "fitted", "bench step"), new("imagined_updates", "0", "bench step"),
                new("imagination_off_after", "0", "bench step"), new("imagination_patience", "0", "bench step"),
                new("imagination_error_limit", "0", "bench step"),
            ];
            var given = parsed.GetValue<string[]>("--set")!.Select(SettingsResolver.Split).ToList();
            foreach (string key in (string[])["device", "threads"])
                if (parsed.Given($"--{key}") is { } text) given.Add(new GivenValue(key, text, $"--{key}"));
            StepBenchmarkResult r = StepBenchmark.Run(
                parsed.Given("--task") ?? "reacher-single",
                loaded => SettingsResolver.Resolve([.. GivenValue.Of(loaded), .. standard, .. given]), rounds);
            if (parsed.IsJson()) Json.Write(terminal.Out, r);
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
