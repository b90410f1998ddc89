using System.Text.Json.Serialization;
using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;

namespace Naf.Checks.Benchmarks;

/// <summary>
/// Sizes of rollouts: the reference size by default (state 20, action 6, networks 20-200-200, horizon 150).
/// </summary>
internal sealed record RolloutBenchmarkSizes
{
    [Size("P", "learners at once", 4096)] public int Learners { get; init; } = 1;

    [Size("M", "rollouts of a learner in one call", 1 << 20)] public int Rollouts { get; init; } = 4096;

    [Size("L", "steps of a rollout", 1000)] public int Steps { get; init; } = 10;

    /// <summary>The state is their positions and velocities; the observation is the state.</summary>
    [Size("N", "hinges of the robot: half of its state", 200), JsonIgnore] public int Joints { get; init; } = 10;

    public int State => 2 * Joints;

    [Size("N", "entries of the action", 64)] public int Action { get; init; } = 6;

    [Size("A,B", "units of each hidden layer")] public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>T.</summary>
    public int Horizon { get; init; } = 150;
}

/// <summary>Imagination rollouts. A unit is one imagined step.</summary>
internal sealed class RolloutBenchmark : KernelBenchmark
{
    private readonly RolloutSettings _settings;
    private readonly RolloutDefinition _definition;
    private readonly NafShape _shape;

    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public RolloutBenchmark(Device device, RolloutBenchmarkSizes sizes) : base(device)
    {
        (_definition, _shape) = (Definition(sizes), new NafShape(sizes.State, sizes.Action, sizes.Hidden));
        _settings = new RolloutSettings { Rollouts = sizes.Rollouts, Steps = sizes.Steps, ActionNoise = 0.2f };
        Trial = new RolloutTrial(device, _definition, _shape, [.. Enumerable.Repeat(_settings, sizes.Learners)]);

        // no rollout ends early
        Units = (double)sizes.Learners * sizes.Rollouts * sizes.Steps;
        (int s, int a) = (sizes.State, sizes.Action);
        double products = s * (s + a) + s * (s + 1) / 2, inputs = s;
        foreach (int units in sizes.Hidden) (products, inputs) = (products + inputs * units, units);
        Operations = 2 * (products + inputs * a);
        // a row written and a model's row read, if nothing is reused
        Bytes = sizeof(float) * (_definition.RowLength + _definition.Dynamics.PackedStep);
    }

    internal RolloutTrial Trial { get; }

    /// <summary>Waits for the device.</summary>
    public override void Run() => Trial.Run();

    public override void Dispose() => Trial.Dispose();

    // the checked program is the timed one
    protected override KernelError[] Check()
    {
        RolloutSettings[] settings = [_settings with { Rollouts = 75 }, _settings with { Rollouts = 31 }];
        using var check = new RolloutTrial(Device, _definition, _shape, settings);
        check.Run();
        return [check.Compare(0), check.Compare(1)];
    }

    // joints whose observation is their state; reward: a distance, a sharper distance and an action cost
    internal static RolloutDefinition Definition(RolloutBenchmarkSizes sizes)
    {
        int joints = sizes.Joints;
        var reward = new RewardDefinition(sizes.State, sizes.Action,
        [
            Term(RewardKind.SmoothNorm, -1, 0, Math.Min(2, joints)),
            Term(RewardKind.LogQuadratic, -0.1, 0, Math.Min(3, joints)),
            Term(RewardKind.Quadratic, -0.01, sizes.State, sizes.Action),
        ], []);
        var dynamics = new DynamicsShape(sizes.Horizon, sizes.State, sizes.Action);
        var observation = ObservationDefinition.OfSlides(joints, velocities: true);
        return new RolloutDefinition(new StateCoordinates(observation.Tree), observation, reward, dynamics);

        static RewardTerm Term(RewardKind kind, double weight, int first, int count) => new(kind, weight, 0.1, 0,
            [.. Enumerable.Range(first, count)], [.. new double[count]], [.. Enumerable.Repeat(1.0, count)]);
    }
}
