using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Checks.Benchmarks;

/// <summary>Sizes of a fit; by default the reference: 150 steps, 20 states, 6 actions, 5 episodes.</summary>
internal sealed record FitBenchmarkSizes
{
    [Size("P", "learners at once", 4096)] public int Learners { get; init; } = 1;

    [Size("T", "time steps", 100_000)] public int Horizon { get; init; } = 150;

    [Size("N", "entries of the state", 400)] public int State { get; init; } = 20;

    [Size("N", "entries of the action", 64)] public int Action { get; init; } = 6;

    [Size("N", "episodes that are fitted", 10_000)] public int Episodes { get; init; } = 5;
}

/// <summary>
/// The fit of all time steps with the packed models, from samples on the device, with one prior for all steps. A unit
/// is the fit of one learner.
/// </summary>
internal sealed class FitBenchmark : KernelBenchmark
{
    private readonly FitOptions _options;
    private readonly DynamicsShape _shape;

    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public FitBenchmark(Device device, FitBenchmarkSizes sizes) : base(device)
    {
        _shape = new DynamicsShape(sizes.Horizon, sizes.State, sizes.Action);
        _options = new FitOptions { Learners = sizes.Learners, Episodes = sizes.Episodes, Constant = false };
        GaussianFitSettings settings = FitCheck.SettingsFor(device, _options.Settings);
        Fit = new GaussianFit(device, _shape, sizes.Learners, sizes.Episodes, settings);
        Data = FitData.Draw(_shape, _options);
        Data.Store(Fit);

        Units = sizes.Learners;
        // triangular matrices counted as such: z̄ n D; Σ (n + 1) D² / 2; L I³ / 6; W S I² / 2; F S I² / 2; f S I; N = Σ
        // − W Wᵀ + F R Fᵀ S² I; its factor S³ / 6: 10.6 million at the reference size
        double s = sizes.State, i = _shape.Input, d = _shape.Sample, n = sizes.Episodes;
        Operations = 2 * sizes.Horizon
            * (n * d + (n + 1) * d * d / 2 + i * i * i / 6 + s * i * i + s * i + s * s * i + s * s * s / 6);
        // the samples, F, f and N in double, the packed model in float32; the prior is small
        Bytes = sizes.Horizon * (8 * (n * d + s * (i + 1 + s)) + 4 * _shape.PackedStep);
    }

    internal GaussianFit Fit { get; }

    internal FitData Data { get; }

    public override void Run() => Fit.Fit(Data.Prior, Data.Scale);

    /// <summary>Reading a result waits for the device.</summary>
    public override void Finish() => Fit.IsFinite(0);

    public override void Dispose() => Fit.Dispose();

    protected override bool IsFinite => Enumerable.Range(0, Fit.Learners).All(Fit.IsFinite);

    /// <summary>Error of F, f and N: the packed model is rounded to float32.</summary>
    public override double Error => Errors[..3].Max(e => e.Error);

    protected override KernelError[] Check() => FitCheck.Run(Device, _shape, _options with { Learners = 1 });
}
