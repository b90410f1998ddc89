using Naf.Checks.Benchmarks;
using Naf.Gpu.Cpu;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>How fast a task's environment stepped.</summary>
/// <param name="What">"environment".</param>
/// <param name="Threads">Threads, each with an environment of its own.</param>
/// <param name="StepsPerSecond">Control steps of all threads per second, resets included: the median over the rounds.</param>
/// <param name="MicrosecondsPerStep">What a control step takes a thread, µs, its share of resets included: the median.</param>
/// <param name="MujocoMicroseconds">What MuJoCo alone takes for the same control step, timed in turns with it, µs: the median.</param>
/// <param name="OverMujoco">The first over the second: the median of the rounds' ratios.</param>
/// <param name="OverOneThread">Steps per second over those of one thread alone, timed in turns with it; null for one thread.</param>
/// <param name="Checksum">Of all observations and rewards of the checked episodes.</param>
internal sealed record EnvironmentBenchmarkResult(
    string What, string Target, string Mujoco, int Threads, double StepsPerSecond, IReadOnlyList<double> Rounds, double MicrosecondsPerStep,
    double MujocoMicroseconds, double OverMujoco, double? OverOneThread, string Checksum);

/// <summary>
/// Times a task's environment: observation, reward, termination, measures and resets included, under random actions. MuJoCo alone takes the same
/// steps in turns with it, after both were seen to end each episode in the same state.
/// </summary>
internal static class EnvironmentBenchmark
{
    private const int RoundCount = 7;

    /// <summary>Times a task.</summary>
    /// <param name="name">A built-in task, or the path of a task file.</param>
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
            (var rounds, var rates, var gains) = (new List<StepTimes>(), new List<double>(), new List<double>());
            double share = seconds / RoundCount / (threads > 1 ? 2 : 1);
            while (rates.Count < RoundCount)
            {
                StepTimes alone = threads > 1 ? walks[0].Time(share) : default;
                var of = new StepTimes[threads];
                team.Run(worker => of[worker] = walks[worker].Time(share));
                rounds.Add(new StepTimes(of.Average(t => t.Microseconds), of.Average(t => t.MujocoMicroseconds)));
                rates.Add(of.Sum(t => t.Rate));
                gains.Add(rates[^1] / alone.Rate);
            }
            return new EnvironmentBenchmarkResult(
                "environment", task.Name, MujocoLibrary.Load().Version, threads, BenchmarkRounds.Median(rates), rates,
                Median(r => r.Microseconds), Median(r => r.MujocoMicroseconds),
                Median(r => r.Microseconds / r.MujocoMicroseconds), threads > 1 ? BenchmarkRounds.Median(gains) : null,
                walks[0].Checksum.ToString("x16", CultureInfo.InvariantCulture));

            double Median(Func<StepTimes, double> of) => BenchmarkRounds.Median([.. rounds.Select(of)]);
        }
        finally
        {
            foreach (PairedWalk? walk in walks) walk?.Dispose();
        }
    }
}
