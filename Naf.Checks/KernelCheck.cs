using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Checks;

/// <summary>One kernel at one size, compared with double precision.</summary>
/// <param name="Error">The largest error; infinite where a number is not finite.</param>
/// <param name="Bound">The largest error that rounding explains.</param>
/// <param name="Problem">Why it could not be computed, in one sentence; empty otherwise.</param>
internal sealed record KernelCheckResult(string Kernel, string Size, double Error, double Bound, string Problem = "")
{
    /// <summary>Whether the error is explained by rounding.</summary>
    public bool Passed => Problem.Length == 0 && Error <= Bound;
}

/// <summary>
/// Compares a device's kernels with double precision, at sizes that are no multiple of a tile; work memory is poisoned
/// with NaN.
/// </summary>
internal static class KernelCheck
{
    private static readonly int[] Sizes = [1, 31, 443];
    private static readonly NafShape Trunk = new(443, 3, [31], SharedTrunk: true),
        BatchNorm = new(5, 1, [31, 17], Normalisation: Normalisation.Batch),
        LayerNorm = new(5, 1, [31, 17], Normalisation: Normalisation.Layer),
        Twin = new(20, 2, [31, 17], TwinValues: true);

    public static IEnumerable<KernelCheckResult> Run(Device device) =>
    [
        .. Sizes.SelectMany(n => Advantage(device, samples: n)),
        .. Sizes.SelectMany(n => Update(device, new NafShape(Math.Min(n, 20), 2, [n, 17]), batch: Math.Min(n, 31))),
        .. Update(device, Trunk, batch: 5), .. Update(device, BatchNorm, batch: 31),
        .. Update(device, LayerNorm, batch: 31), .. Update(device, Twin, batch: 31),
        .. Sizes.SelectMany(n => Update(device, Ddpg(n), batch: Math.Min(n, 31))),
        .. Launches(device, new NafShape(20, 3, [31, 17])), .. Launches(device, new DdpgShape(20, 3, [31, 17])),
        .. Sizes.SelectMany(n => Policy(device, new NafShape(Math.Min(n, 20), 2, [n, 17]), samples: n)),
        .. Policy(device, Trunk, samples: 31), .. Policy(device, BatchNorm, samples: 31),
        .. Policy(device, LayerNorm, samples: 31), .. Policy(device, Twin, samples: 31),
        .. Sizes.SelectMany(n => Policy(device, Ddpg(n), samples: n)),
        .. Sizes.SelectMany(n => Regression(
            device, inputs: Math.Min(n, 26), outputs: Math.Min(n, 20), [n, 17], batch: Math.Min(n, 31))),
        .. Sizes.SelectMany(n => Rollouts(device, rollouts: n, steps: Math.Min(n, 5))),
        .. Fit(device, new DynamicsShape(1, 1, 1)), .. Fit(device, new DynamicsShape(31, 5, 2)),
        .. Fit(device, new DynamicsShape(443, 4, 1)),
    ];

    private static DdpgShape Ddpg(int n) => new(Math.Min(n, 20), Math.Min(n, 17), [n, 17]);

    private static KernelCheckResult[] Advantage(Device device, int samples) =>
        Check($"{samples} samples of 6 actions", () =>
        {
            using var evaluation = new AdvantageBenchmark(device, new AdvantageBenchmarkSizes { Batch = samples });
            return [evaluation.Compare()];
        });

    private static KernelCheckResult[] Update(Device device, LearnerShape shape, int batch, LaunchPlan? plan = null) =>
        Check($"{shape}, minibatch {batch}{Text(plan)}", () => UpdateCheck.Run(
            device, shape, new LearnerSettings { Seed = 3 }, batch, updates: 3,
            [.. Enumerable.Range(0, shape.State).Select(i => 0.5f + i % 3 * 0.25f)], plan));

    // an update with the plans for 1 to 512 learners, each also with one launch per phase
    private static IEnumerable<KernelCheckResult> Launches(Device device, LearnerShape shape)
    {
        if (device is not GpuDevice gpu) return [];
        LaunchPlan[] plans = [.. new[] { 1, 32, 512 }.Select(
            n => LaunchPlan.Choose(gpu.Info, gpu.Limits, shape, batch: 31, learners: n))];
        return plans.Concat(plans.Select(p => p with { Launch = PlanLaunch.ByPhase })).Distinct()
            .SelectMany(plan => Update(device, shape, batch: 31, plan));
    }

    private static string Text(LaunchPlan? plan) => plan is null ? ""
        : $", {plan.Parts} × {plan.Threads} threads, "
            + (plan.Launch == PlanLaunch.Together ? "one launch" : "by phase");

    private static KernelCheckResult[] Policy(Device device, LearnerShape shape, int samples) =>
        Check($"{shape}, {samples} samples", () => UpdateCheck.PolicyErrors(device, shape, samples));

    private static KernelCheckResult[] Regression(
        Device device, int inputs, int outputs, ImmutableArray<int> hidden, int batch) =>
        Check($"{inputs}-[{string.Join(',', hidden)}]-{outputs}, minibatch {batch}", () =>
            RegressionCheck.Run(device, inputs, outputs, hidden, batch, updates: 3));

    private static KernelCheckResult[] Rollouts(Device device, int rollouts, int steps) =>
        Check($"{rollouts} rollouts of {steps} steps", () =>
        {
            RolloutDefinition timed = RolloutBenchmark.Definition(new RolloutBenchmarkSizes());
            var reward = new RewardDefinition(timed.Observation.Size, timed.Dynamics.Action,
            [
                .. Enum.GetValues<RewardKind>().Where(kind => kind != RewardKind.Product).Select((kind, k) =>
                    new RewardTerm(kind, -0.5, Alpha: 0.3, Offset: 0, Index: [k, k + 1], Centre: [0.1, -0.1],
                        Scale: [1, 2]) { ClipHigh = 5 }),
                .. Enum.GetValues<ToleranceSigmoid>().Select((sigmoid, k) =>
                    new RewardTerm(RewardKind.Product, -0.5, Alpha: 0, Offset: 0, Index: [k, k + 1],
                        Centre: [0.1, -0.1], Scale: [1, 2])
                    {
                        Factors = [new ToleranceFactor((ToleranceOf)(k % 4), 2, -0.2, 0.3, 0.7, sigmoid)],
                    }),
            ], []);
            var definition = new RolloutDefinition(timed.Coordinates, timed.Observation, reward, timed.Dynamics);
            var shape = new NafShape(definition.Observation.Size, definition.Dynamics.Action, [31, 17]);
            using var trial = new RolloutTrial(
                device, definition, shape,
                [new RolloutSettings { Rollouts = rollouts, Steps = steps, ActionNoise = 0.2f }]);
            trial.Run();
            return [trial.Compare(0)];
        });

    private static KernelCheckResult[] Fit(Device device, DynamicsShape shape) =>
        Check($"{shape}", () => FitCheck.Run(device, shape, new FitOptions()));

    private static KernelCheckResult[] Check(string size, Func<KernelError[]> errors)
    {
        try
        {
            return [.. errors().Select(e => new KernelCheckResult(e.Of, size, e.Error, e.Bound))];
        }
        catch (Exception failure) when (failure is DeviceException or ArgumentException)
        {
            return [new KernelCheckResult("all", size, double.PositiveInfinity, 0, failure.Message)];
        }
    }
}
