using System.Globalization;
using Naf.Gpu.Cpu;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>How fast a task's environment stepped.</summary>
/// <param name="What">"environment".</param>
/// <param name="Target">The task.</param>
/// <param name="Mujoco">MuJoCo's version.</param>
/// <param name="Threads">Threads, each with an environment of its own.</param>
/// <param name="StepsPerSecond">Control steps of all threads per second, resets included: the median over the rounds.</param>
/// <param name="Rounds">Each round's.</param>
/// <param name="MicrosecondsPerStep">What a control step takes a thread, µs, its share of resets included: the median.</param>
/// <param name="MujocoMicroseconds">What MuJoCo alone takes for the same control step, timed in turns with it, µs: the median.</param>
/// <param name="OverMujoco">The first over the second: the median of the rounds' ratios.</param>
/// <param name="OverOneThread">Steps per second over those of one thread alone, timed in turns with it; null for one thread.</param>
/// <param name="Checksum">Of all observations and rewards of the checked episodes.</param>
public sealed record EnvironmentBenchmarkResult(
    string What, string Target, string Mujoco, int Threads, double StepsPerSecond, IReadOnlyList<double> Rounds, double MicrosecondsPerStep,
    double MujocoMicroseconds, double OverMujoco, double? OverOneThread, string Checksum);

/// <summary>
/// Times a task's environment: observation, reward, termination, measures and resets included, under random actions. MuJoCo alone takes the same
/// steps in turns with it, after both were seen to end each episode in the same state.
/// </summary>
public static class EnvironmentBenchmark
{
    private const int RoundCount = 7;

    /// <summary>Times a task.</summary>
    /// <param name="name">A built-in task, or the path of a task file.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="seconds">Of timing, over all rounds.</param>
    /// <exception cref="InvalidOperationException">The environment and MuJoCo alone disagree.</exception>
    public static EnvironmentBenchmarkResult Run(string name, int threads, double seconds)
    {
        using ControlTask task = ControlTask.Load(name);
        using var team = new WorkTeam(threads);
        var walks = new PairedWalk[threads];
        try
        {
            for (int i = 0; i < threads; i++) walks[i] = new PairedWalk(task, (ulong)i);
            var rounds = new StepTimes[RoundCount];
            var alone = new StepTimes[RoundCount];
            double share = seconds / RoundCount / (threads > 1 ? 2 : 1);
            for (int round = 0; round < RoundCount; round++)
            {
                if (threads > 1) alone[round] = walks[0].Time(share);
                var of = new StepTimes[threads];
                team.Run(worker => of[worker] = walks[worker].Time(share));
                rounds[round] = new StepTimes(of.Sum(t => t.Rate), of.Average(t => t.Microseconds), of.Average(t => t.MujocoMicroseconds));
            }
            return new EnvironmentBenchmarkResult(
                "environment", task.Name, MujocoLibrary.Load().Version, threads, Median(rounds.Select(r => r.Rate)), [.. rounds.Select(r => r.Rate)],
                Median(rounds.Select(r => r.Microseconds)), Median(rounds.Select(r => r.MujocoMicroseconds)),
                Median(rounds.Select(r => r.Microseconds / r.MujocoMicroseconds)),
                threads > 1 ? Median(rounds.Zip(alone, (r, one) => r.Rate / one.Rate)) : null,
                walks[0].Checksum.ToString("x16", CultureInfo.InvariantCulture));
        }
        finally
        {
            foreach (PairedWalk? walk in walks) walk?.Dispose();
        }
    }

    /// <summary>The middle one; the higher of two.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
