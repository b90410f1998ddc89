using Naf.Checks.Benchmarks;
using Naf.Gpu.Cpu;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>Speed of a task's environment.</summary>
/// <param name="What">"environment".</param>
/// <param name="Threads">Threads, each with its own environment.</param>
/// <param name="StepsPerSecond">Control steps per second of all threads, resets included: median of the rounds.</param>
/// <param name="MicrosecondsPerStep">Time of a control step in one thread, resets included, µs: median.</param>
/// <param name="MujocoMicroseconds">Time of MuJoCo alone for the same step, timed alternately, µs: median.</param>
/// <param name="OverMujoco">The first over the second: median of the rounds' ratios.</param>
/// <param name="OverOneThread">Steps per second over those of one thread, timed in turns; null for one thread.</param>
/// <param name="Checksum">Of all observations and rewards of the checked episodes.</param>
internal sealed record EnvironmentBenchmarkResult(
    string What, string Target, string Mujoco, int Threads, double StepsPerSecond, IReadOnlyList<double> Rounds,
    double MicrosecondsPerStep, double MujocoMicroseconds, double OverMujoco, double? OverOneThread, string Checksum);

/// <summary>
/// Times a task's environment under random actions: observation, reward, termination, measures and resets. MuJoCo alone
/// takes the same steps alternately, after a check that both end each episode in the same state.
/// </summary>
internal static class EnvironmentBenchmark
{
    private const int RoundCount = 7;

    /// <summary>Times a task.</summary>
    /// <param name="name">A built-in task, or the path of a task file.</param>
    /// <param name="seconds">Seconds of timing, over all rounds.</param>
    /// <exception cref="InvalidOperationException">The environment and MuJoCo alone disagree.</exception>
    public static EnvironmentBenchmarkResult Run(string name, int threads, double seconds)
    {
        using ControlTask task = ControlTask.Load(name);
        using var team = new WorkTeam(threads);
        var episodes = new PairedEpisodes[threads];
        try
        {
            for (int i = 0; i < threads; i++) episodes[i] = new PairedEpisodes(task, (ulong)i);
            double[] rates = new double[RoundCount], gains = new double[RoundCount];
            double[] own = new double[RoundCount], mujoco = new double[RoundCount];
            double share = seconds / RoundCount / (threads > 1 ? 2 : 1);
            for (int round = 0; round < RoundCount; round++)
            {
                double alone = threads > 1 ? 1e6 / episodes[0].Time(share).Microseconds : 0;
                var times = new (double Microseconds, double MujocoMicroseconds)[threads];
                team.Run(worker => times[worker] = episodes[worker].Time(share));
                own[round] = times.Average(t => t.Microseconds);
                mujoco[round] = times.Average(t => t.MujocoMicroseconds);
                rates[round] = times.Sum(t => 1e6 / t.Microseconds);
                gains[round] = rates[round] / alone;
            }
            return new EnvironmentBenchmarkResult(
                "environment", task.Name, MujocoLibrary.Load().Version, threads, BenchmarkRounds.Median(rates), rates,
                BenchmarkRounds.Median(own), BenchmarkRounds.Median(mujoco),
                BenchmarkRounds.Median([.. own.Zip(mujoco, (total, part) => total / part)]),
                threads > 1 ? BenchmarkRounds.Median(gains) : null, $"{episodes[0].Checksum:x16}");
        }
        finally
        {
            foreach (PairedEpisodes? pair in episodes) pair?.Dispose();
        }
    }
}
