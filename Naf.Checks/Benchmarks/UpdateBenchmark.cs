using System.Collections.Immutable;
using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Update;

namespace Naf.Checks.Benchmarks;

/// <summary>What to time: the reference size by default (20 observations, 6 actions, three networks of 2 × 200, minibatch 64).</summary>
public sealed record UpdateBenchmarkSettings
{
    /// <summary>Learners trained at once.</summary>
    public int Learners { get; init; } = 1;

    /// <summary>Samples of a minibatch.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Entries of the observation.</summary>
    public int State { get; init; } = 20;

    /// <summary>Entries of the action.</summary>
    public int Action { get; init; } = 6;

    /// <summary>Units of the hidden layers.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>One trunk for the three heads.</summary>
    public bool Trunk { get; init; }

    /// <summary>Batch normalisation.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>Updates of a learner in one call: I of a training step, or I (l + 1) with imagination.</summary>
    public int UpdatesPerCall { get; init; } = 20;

    /// <summary>How a GPU lays the updates out, as THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases; empty: as it would.</summary>
    public string Plan { get; init; } = "";

    /// <summary>Seconds of timing, over all rounds.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>Rounds, of whose rates the median is reported.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>What was timed and how fast it was.</summary>
/// <param name="Plan">How the updates were laid onto the device.</param>
/// <param name="UpdatesPerSecond">Of all learners together, median over the rounds.</param>
/// <param name="Rounds">The rounds' rates.</param>
/// <param name="ActiveUnits">Share of hidden units that are not zero: the work of a CPU update grows with it.</param>
/// <param name="GradientError">Error against the reference in double precision, checked before the timing.</param>
/// <param name="GflopPerSecond">Products of the networks written densely: a CPU skips those that a ReLU made zero.</param>
/// <param name="GigabytesPerSecond">Parameters, moments and targets read and written, and the minibatch read, once each.</param>
public sealed record UpdateBenchmarkResult(
    string Device, string Instructions, int Threads, string Plan, UpdateBenchmarkSettings Settings,
    double UpdatesPerSecond, IReadOnlyList<double> Rounds, double ActiveUnits, double GradientError, double GflopPerSecond,
    double GigabytesPerSecond);

/// <summary>Times the whole update; its result is held against the reference first.</summary>
public static class UpdateBenchmark
{
    /// <summary>Checks, warms up, times.</summary>
    /// <exception cref="InvalidOperationException">The result is wrong; nothing was timed.</exception>
    public static UpdateBenchmarkResult Run(Device device, UpdateBenchmarkSettings settings)
    {
        var shape = new NafShape(settings.State, settings.Action, settings.Hidden, settings.Trunk, settings.BatchNorm);
        LearnerSettings[] learners = [.. Enumerable.Range(0, settings.Learners).Select(k => new LearnerSettings { Seed = (ulong)k })];
        float[] scale = [.. Enumerable.Repeat(1f, settings.State)];
        // what is checked is the program that is timed
        LaunchPlan? plan = PlanOf(device, shape, settings);
        UpdateCheck.Errors errors = UpdateCheck.Run(device, shape, learners[0], settings.Batch, updates: 2, scale, plan: plan);
        if (!errors.Agree) throw new InvalidOperationException($"the update differs from the reference ({errors}); it was not timed");

        using var population = new NafPopulation(device, shape, [], settings.Batch, 10_000, learners, 0, plan);
        for (int k = 0; k < learners.Length; k++) UpdateCheck.Fill(population, k, 10_000, (ulong)k + 100);
        // until the compiler has done with it; a report waits for the device
        Action once = () => population.Update(settings.UpdatesPerCall), finish = () => population.TakeReport(0);
        BenchmarkRounds.Time(once, finish, 1, 1);
        double[] rates = [.. BenchmarkRounds.Time(once, finish, settings.Seconds, settings.Rounds)
            .Select(calls => calls * settings.UpdatesPerCall * learners.Length)];
        for (int k = 0; k < learners.Length; k++)
            if (!population.TakeReport(k).Finite)
                throw new InvalidOperationException($"learner {k} stopped while it was timed: its loss was not finite");
        int threads = device is CpuDevice cpu ? cpu.Team.Threads : 0;
        double median = BenchmarkRounds.Median(rates);
        return new UpdateBenchmarkResult(device.Info.Name, device.Info.Instructions, threads, population.Plan, settings, median, rates,
            ActiveUnits(population), errors.Gradient, median * Operations(shape, settings.Batch) * 1e-9,
            median * Bytes(shape, settings.Batch) * 1e-9);
    }

    /// <summary>
    /// Operations of one update: a product and a sum for each weight and sample, forward, backward to the layer below (not from the first) and
    /// for the gradient, and forward through the target's network.
    /// </summary>
    public static double Operations(NafShape shape, int batch)
    {
        double weights = 0, first = 0, target = 0;
        foreach (MlpShape network in shape.Networks().Reverse())
        {
            target = Enumerable.Range(0, network.Layers + 1)
                .Sum(l => (double)network.Inputs(l) * (l < network.Layers ? network.Hidden[l] : network.Output));
            weights += target;
            first += (double)network.Input * network.Hidden[0];
        }
        return 2 * batch * (3 * weights - first + target);
    }

    /// <summary>Bytes that one update must move at least: θ, both moments and θ′ in and out, and the minibatch in.</summary>
    public static double Bytes(NafShape shape, int batch) =>
        sizeof(float) * (6.0 * shape.Networks().Sum(n => n.Parameters) + 2.0 * shape.Networks()[0].Parameters
            + batch * (2.0 * shape.State + shape.Action + 2));

    private static LaunchPlan? PlanOf(Device device, NafShape shape, UpdateBenchmarkSettings settings)
    {
        bool given = settings.Plan.Length > 0;
        if (device is GpuDevice gpu)
            return given ? LaunchPlan.Parse(settings.Plan) : LaunchPlan.Choose(gpu.Info, gpu.Limits, shape, settings.Batch, settings.Learners);
        return given ? throw new ArgumentException($"the plan '{settings.Plan}' is for a GPU; leave it out on {device.Info.Name}") : null;
    }

    // over the stored observations, with the trained parameters of learner 0
    private static double ActiveUnits(NafPopulation population)
    {
        Learner learner = population.LearnerAt(0);
        using var oracle = new NafOracle(population.Shape, learner, population.InputScale, population.Batch);
        oracle.Update(UpdateCheck.NextMinibatch(population, 0));
        return oracle.ActiveUnits;
    }
}
