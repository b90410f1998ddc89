using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Cli.Benchmarks;

/// <summary>What an episode of training took, and where the time went.</summary>
/// <param name="Device">Where the learner lives.</param>
/// <param name="Threads">Threads of the CPU.</param>
/// <param name="Imagination">Dynamics in which it imagined.</param>
/// <param name="Plan">Who planned.</param>
/// <param name="Episodes">Episodes timed, with the fit after every n.</param>
/// <param name="UpdatesPerEpisode">Updates, from R_f and R together.</param>
/// <param name="SecondsPerEpisode">Mean over the episodes: the median over the rounds.</param>
/// <param name="Shares">Share of the time spent in each part, over all rounds.</param>
/// <param name="UpdatesPerSecond">Updates a second, all parts included: the median over the rounds.</param>
/// <param name="Hardware">The device in words.</param>
/// <param name="Commit">What was built.</param>
internal sealed record StepBenchmarkResult(
    string Task, string Device, int Threads, string Imagination, string Plan, int Episodes, double UpdatesPerEpisode, double SecondsPerEpisode,
    IReadOnlyList<double> Rounds, IReadOnlyDictionary<string, double> Shares, double UpdatesPerSecond,
    string Hardware, string Commit);

/// <summary>
/// Times whole episodes of Algorithm 2 once there are dynamics: acting, simulator, rollouts, updates, fit and planning, as training does
/// them, without tests. What is timed is a real training run whose updates are counted and must be finite.
/// </summary>
internal static class StepBenchmark
{
    /// <summary>Times a task's training.</summary>
    /// <param name="name">A built-in task, or the path of a task file.</param>
    /// <param name="settings">Given the task, its settings.</param>
    /// <param name="rounds">Rounds of n episodes and a fit.</param>
    /// <exception cref="UserException">The learner stopped, or imagination ended: other updates were made than the settings say.</exception>
    public static StepBenchmarkResult Run(string name, Func<ControlTask, TrainingSettings> settings, int rounds)
    {
        using ControlTask task = ControlTask.Load(name);
        TrainingSettings s = settings(task);
        int n = s.Imagination.RefitEpisodes;
        // the first n episodes have no dynamics yet; no test is due, and none is the last
        s = s with { Learners = 1, Episodes = (rounds + 1) * n + 1, TestEvery = int.MaxValue, TestEpisodes = 1 };
        using Device device = DeviceList.Select(s.Device, s.Threads);
        int threads = s.Threads == 0 ? Environment.ProcessorCount : s.Threads;
        using WorkTeam? own = device is CpuDevice ? null : new WorkTeam(threads);
        using var agent = new NafAgent(task, s, device, own ?? ((CpuDevice)device).Team);
        agent.Begin();
        while (agent.Running && agent.EpisodesEnded < n) agent.Step();

        var (seconds, rates) = (new double[rounds], new double[rounds]);
        double[] before = Parts(agent.Times);
        (long first, long stepsBefore) = (Updates(agent), agent.StepCount);
        for (int round = 0; round < rounds; round++)
        {
            (long updates, long from) = (Updates(agent), Stopwatch.GetTimestamp());
            while (agent.Running && agent.EpisodesEnded < (round + 2) * n) agent.Step();
            double passed = Stopwatch.GetElapsedTime(from).TotalSeconds;
            (seconds[round], rates[round]) = (passed / n, (Updates(agent) - updates) / passed);
        }
        Check(agent, s, Updates(agent) - first, agent.StepCount - stepsBefore);

        double[] spent = [.. Parts(agent.Times).Zip(before, (after, b) => after - b)];
        var shares = Enum.GetValues<TrainingPart>().Where(p => p != TrainingPart.Tests)
            .ToDictionary(p => p.ToString().ToLowerInvariant(), p => spent[(int)p] / spent.Sum());
        return new StepBenchmarkResult(
            task.Name, device.Info.Name, threads, s.Imagination.Kind.ToString().ToLowerInvariant(), s.Plan.Kind.ToString().ToLowerInvariant(),
            rounds * n, (double)(Updates(agent) - first) / (rounds * n),
            BenchmarkRounds.Median(seconds), seconds, shares, BenchmarkRounds.Median(rates),
            device.Info.Description, Versions.BuiltFrom);
    }

    private static void Check(NafAgent agent, TrainingSettings s, long updates, long steps)
    {
        if (agent.Summaries[0].Stopped is { } reason) throw new UserException($"the learner stopped: {reason}");
        long asked = steps * (s.Naf.UpdatesPerStep + (s.Imagination.Kind == ImaginationKind.Off ? 0 : s.ImaginedUpdates));
        if (updates != asked)
            throw new UserException(
                $"{updates} updates were made in {steps} steps where {asked} were asked for: imagination ended or rested; leave out "
                + "imagination_off_after, imagination_patience and imagination_error_limit");
    }

    private static double[] Parts(TrainingTimes times) => [.. Enum.GetValues<TrainingPart>().Select(times.Seconds)];

    private static long Updates(NafAgent agent) => agent.Summaries[0].Updates;
}
