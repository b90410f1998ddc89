using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Checks.Benchmarks;

/// <summary>What to time: the reference size by default (150 time steps of 20 states and 6 actions, 5 episodes), one prior for all steps.</summary>
/// <param name="Seconds">Seconds of timing, over all rounds.</param>
/// <param name="Rounds">Rounds, of whose times the median is reported.</param>
public sealed record FitBenchmarkSettings(
    int Learners = 1, int Horizon = 150, int State = 20, int Action = 6, int Episodes = 5,
    double Seconds = 5, int Rounds = 5);

/// <summary>What was timed and how fast it was.</summary>
/// <param name="MillisecondsPerFit">For all time steps of all learners, with the packed models, from samples that are on the device: median.</param>
/// <param name="MillisecondsPerLearner">The same over the number of learners.</param>
/// <param name="Rounds">The rounds' milliseconds for all learners.</param>
/// <param name="GflopPerSecond">By <see cref="FitBenchmark.Operations"/>.</param>
/// <param name="GigabytesPerSecond">By <see cref="FitBenchmark.Bytes"/>.</param>
/// <param name="Error">Largest error against the reference in double precision, checked before the timing.</param>
public sealed record FitBenchmarkResult(
    string Device, string Instructions, int Threads, FitBenchmarkSettings Settings, double MillisecondsPerFit, double MillisecondsPerLearner,
    IReadOnlyList<double> Rounds, double GflopPerSecond, double GigabytesPerSecond, double Error);

/// <summary>Times the fit; its result is held against the reference first.</summary>
public static class FitBenchmark
{
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    /// <exception cref="InvalidOperationException">The result is wrong; nothing was timed.</exception>
    public static FitBenchmarkResult Run(Device device, FitBenchmarkSettings settings)
    {
        var shape = new DynamicsShape(settings.Horizon, settings.State, settings.Action);
        var options = new FitOptions { Learners = settings.Learners, Episodes = settings.Episodes };
        FitCheck.Errors errors = FitCheck.Run(device, shape, options with { Learners = 1 });
        if (!errors.Agree) throw new InvalidOperationException($"the fit differs from the reference ({errors}); it was not timed");

        using var fit = new GaussianFit(device, shape, settings.Learners, settings.Episodes,
            FitCheck.SettingsFor(device, options.Settings));
        FitData data = FitData.Draw(shape, options);
        data.Store(fit);
        // until the compiler has done with it; a look at the result waits for the device
        Action once = () => fit.Fit(data.Prior, data.Scale), finish = () => fit.IsFinite(0);
        BenchmarkRounds.Time(once, finish, 1, 1);
        double[] rates = BenchmarkRounds.Time(once, finish, settings.Seconds, settings.Rounds);
        for (int k = 0; k < settings.Learners; k++)
            if (!fit.IsFinite(k)) throw new InvalidOperationException($"the model of learner {k} was not finite while it was timed");
        double median = 1000 / BenchmarkRounds.Median(rates);
        double[] rounds = [.. rates.Select(fits => 1000 / fits)];
        int threads = device is CpuDevice cpu ? cpu.Team.Threads : 0;
        return new FitBenchmarkResult(device.Info.Name, device.Info.Instructions, threads, settings, median, median / settings.Learners, rounds,
            Operations(settings) / median / 1e6, Bytes(settings) / median / 1e6, Math.Max(Math.Max(errors.F, errors.Offset), errors.N));
    }

    /// <summary>
    /// Operations of a fit of all learners, two to each multiply-add, with I = S + A, D = 2 S + A and triangles counted as such: z̄ n D;
    /// Σ (n + 1) D² / 2; L I³ / 6; W S I² / 2; F S I² / 2; f S I; N = Σ − W Wᵀ + F R Fᵀ S² I; its factor S³ / 6.
    /// 10.6 million at the reference size.
    /// </summary>
    public static double Operations(FitBenchmarkSettings settings)
    {
        double s = settings.State, i = s + settings.Action, d = s + i, n = settings.Episodes;
        double pairs = n * d + (n + 1) * d * d / 2 + i * i * i / 6 + s * i * i + s * i + s * s * i + s * s * s / 6;
        return 2 * pairs * settings.Horizon * settings.Learners;
    }

    /// <summary>Bytes that must be read and written: the samples, F, f and N in double, the packed model in float32; the prior is small.</summary>
    public static double Bytes(FitBenchmarkSettings settings)
    {
        var shape = new DynamicsShape(settings.Horizon, settings.State, settings.Action);
        double doubles = (double)settings.Episodes * shape.Sample + shape.State * (shape.Input + 1.0 + shape.State);
        return (8 * doubles + 4.0 * shape.PackedStep) * settings.Horizon * settings.Learners;
    }
}
