using Naf.Checks.Comparisons;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;

namespace Naf.Checks.Benchmarks;

/// <summary>What to time: V, μ, L, A and Q of many samples.</summary>
public sealed record AdvantageBenchmarkSettings
{
    /// <summary>Samples of a call.</summary>
    public int Samples { get; init; } = 65536;

    /// <summary>Entries of the action.</summary>
    public int Action { get; init; } = 6;

    /// <summary>Seconds of timing, over all rounds.</summary>
    public double Seconds { get; init; } = 3;

    /// <summary>Rounds, of whose rates the median is reported.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>What was timed and how fast it was.</summary>
/// <param name="EvaluationsPerSecond">Samples, median over the rounds.</param>
/// <param name="Rounds">The rounds' rates.</param>
/// <param name="GigabytesPerSecond">Inputs read and outputs written, once each.</param>
/// <param name="GflopPerSecond">Two for each entry of L and three for each of its columns; tanh and exp are not counted.</param>
/// <param name="Error">Largest error against the reference in double precision, over 1 + its size, checked before the timing.</param>
public sealed record AdvantageBenchmarkResult(
    string Device, string Instructions, int Threads, AdvantageBenchmarkSettings Settings, double EvaluationsPerSecond, IReadOnlyList<double> Rounds,
    double GigabytesPerSecond, double GflopPerSecond, double Error);

/// <summary>Times the evaluation of the advantage; its result is held against the reference first.</summary>
public static class AdvantageBenchmark
{
    /// <summary>Checks, warms up, times. On a GPU the samples stay on the device.</summary>
    /// <exception cref="InvalidOperationException">The result is wrong; nothing was timed.</exception>
    public static AdvantageBenchmarkResult Run(Device device, AdvantageBenchmarkSettings settings)
    {
        using var evaluation = new AdvantageEvaluation(device, settings.Action, settings.Samples);
        var trial = new AdvantageTrial(evaluation);
        trial.Evaluate();
        double error = trial.Error();
        if (!(error < AdvantageTrial.Tolerance))
            throw new InvalidOperationException($"the advantage differs from the reference by {error}; it was not timed");

        Action once = device is GpuDevice ? evaluation.Launch : trial.Evaluate;
        Action finish = device is GpuDevice gpu ? gpu.Synchronize : () => { };
        BenchmarkRounds.Time(once, finish, 0.3, 1);
        double[] rates = BenchmarkRounds.Time(once, finish, settings.Seconds, settings.Rounds);
        double[] samples = [.. rates.Select(r => r * settings.Samples)];
        double median = BenchmarkRounds.Median(samples);
        double floats = 3 + 3 * settings.Action + 2 * evaluation.Packed, flop = 2 * evaluation.Packed + 3 * settings.Action;
        int threads = device is CpuDevice cpu ? cpu.Team.Threads : 0;
        return new AdvantageBenchmarkResult(device.Info.Name, device.Info.Instructions, threads, settings, median, samples,
            median * floats * sizeof(float) * 1e-9, median * flop * 1e-9, error);
    }
}
