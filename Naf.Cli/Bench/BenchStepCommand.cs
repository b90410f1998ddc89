using System.CommandLine;
using Naf.Checks.Benchmarks;
using Naf.Cli.Common;
using Naf.Gpu;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Cli.Bench;

/// <summary>
/// <c>naf bench step</c>: seconds per training episode of Algorithm 2 with fitted dynamics, and the share of each part:
/// acting, simulator, rollouts, updates, fit and planning. It times a training run and counts its updates.
/// </summary>
internal static class BenchStepCommand
{
    public static Command Create(Terminal terminal) => new ExampleCommand(
        "step", "Times whole training episodes of Algorithm 2: "
            + "fitted imagination with I = 5, l = 10 and I · l updates, unless set otherwise.",
        "naf bench step --task reacher-single --json", parsed => Run(terminal, parsed))
    {
        CliOption.Text("--task", "TASK", "the task [reacher-single]"),
        CliOption.Text("--rounds", "N", "rounds of refit_episodes episodes and a fit [3]"), CliOption.Device(),
        CliOption.Text("--threads", "N", "threads of the CPU; 0: one per core [0]"),
        CliOption.Set("change a setting, such as plan=ilqg; may be repeated"), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        int rounds = parsed.Integer("--rounds", 3, 1, 1000);
        using ControlTask task = ControlTask.Load(parsed.Given("--task") ?? "reacher-single");
        TrainingSettings s = Settings(parsed, task);
        int n = s.Imagination.RefitEpisodes;
        // the first n episodes have no dynamics; no test is due, and no timed episode is the last
        s = s with { Learners = 1, Episodes = (rounds + 1) * n + 1, TestEvery = int.MaxValue, TestEpisodes = 1 };
        using Device device = DeviceList.Select(s.Device, s.Threads);
        int threads = s.Threads == 0 ? Environment.ProcessorCount : s.Threads;
        using WorkTeam? own = device is CpuDevice ? null : new WorkTeam(threads);
        using var agent = new TrainingAgent(task, s, device, own ?? ((CpuDevice)device).Team);
        agent.Begin();
        while (agent.Running && agent.EpisodesEnded < n) agent.Step();

        var (seconds, rates) = (new double[rounds], new double[rounds]);
        double[] before = agent.Times.All;
        (long first, long stepsBefore) = (Updates(agent), agent.StepCount);
        for (int round = 0; round < rounds; round++)
        {
            (long updates, long from) = (Updates(agent), Stopwatch.GetTimestamp());
            while (agent.Running && agent.EpisodesEnded < (round + 2) * n) agent.Step();
            double passed = Stopwatch.GetElapsedTime(from).TotalSeconds;
            (seconds[round], rates[round]) = (passed / n, (Updates(agent) - updates) / passed);
        }
        long made = Updates(agent) - first;
        Check(agent, s, made, agent.StepCount - stepsBefore);

        double[] spent = [.. agent.Times.All.Zip(before, (after, b) => after - b)];
        var result = new
        {
            Task = task.Name, Device = device.Info.Name, Threads = threads,
            Imagination = $"{s.Imagination.Kind}".ToLowerInvariant(), Plan = $"{s.Plan.Kind}".ToLowerInvariant(),
            Episodes = rounds * n, UpdatesPerEpisode = (double)made / (rounds * n),
            SecondsPerEpisode = BenchmarkRounds.Median(seconds), Rounds = seconds,
            Shares = Enum.GetValues<TrainingPart>().Where(p => p != TrainingPart.Tests)
                .ToDictionary(p => $"{p}".ToLowerInvariant(), p => spent[(int)p] / spent.Sum()),
            UpdatesPerSecond = BenchmarkRounds.Median(rates),
            Hardware = device.Info.Description, Commit = Versions.BuiltFrom,
        };
        if (parsed.IsJson()) Json.Write(terminal.Out, result);
        else
            terminal.Out.WriteLine($"{result.SecondsPerEpisode:0.00} s an episode of {task.Name} on {result.Device}, "
                + $"threads {threads}: {result.UpdatesPerEpisode:0} updates, "
                + $"{Texts.Rate(result.UpdatesPerSecond)} updates/s; "
                + string.Join(", ", result.Shares.Select(share => $"{share.Key} {share.Value:0.0%}")));
        return 0;
    }

    // the paper's settings, which override the task's; then those on the command line
    private static TrainingSettings Settings(ParseResult parsed, ControlTask task)
    {
        GivenValue[] standard =
        [
            new("imagination", "fitted", "bench step"), new("imagined_updates", "0", "bench step"),
            new("imagination_off_after", "0", "bench step"), new("imagination_patience", "0", "bench step"),
            new("imagination_error_limit", "0", "bench step"),
        ];
        var given = parsed.GetValue<string[]>("--set")!.Select(SettingsResolver.Split).ToList();
        foreach (string key in (string[])["device", "threads"])
            if (parsed.Given($"--{key}") is { } text) given.Add(new GivenValue(key, text, $"--{key}"));
        return SettingsResolver.Resolve(
            SettingsResolver.OfTask(task, ofTask => SettingsResolver.Apply(ofTask, [.. standard, .. given])));
    }

    /// <exception cref="UserException">The number of updates is not that of the settings.</exception>
    private static void Check(TrainingAgent agent, TrainingSettings s, long updates, long steps)
    {
        if (agent.Summaries[0].Stopped is { } reason) throw new UserException($"the learner stopped: {reason}");
        int imagined = s.Imagination.Kind == ImaginationKind.Off ? 0 : s.ImaginedUpdates;
        long asked = steps * (s.Learner.UpdatesPerStep + imagined);
        if (updates != asked)
            throw new UserException(
                $"{updates} updates were made in {steps} steps where {asked} were asked for: imagination ended or "
                + "rested; leave out imagination_off_after, imagination_patience and imagination_error_limit");
    }

    private static long Updates(TrainingAgent agent) => agent.Summaries[0].Updates;
}
