using System.Collections.Immutable;
using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Kernels.Update;

namespace Naf.Checks.Benchmarks;

/// <summary>What to time: the reference size by default (state 20, action 6, networks 20-200-200, horizon 150).</summary>
public sealed record RolloutBenchmarkSettings
{
    /// <summary>Learners that imagine at once.</summary>
    public int Learners { get; init; } = 1;

    /// <summary>Rollouts of a learner in one call.</summary>
    public int Rollouts { get; init; } = 4096;

    /// <summary>Steps of a rollout.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>Hinges of the robot: the state has their positions and velocities, and the observation is the state.</summary>
    public int Joints { get; init; } = 10;

    /// <summary>Entries of the action.</summary>
    public int Action { get; init; } = 6;

    /// <summary>Units of the hidden layers.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>T.</summary>
    public int Horizon { get; init; } = 150;

    /// <summary>Seconds of timing, over all rounds.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>Rounds, of whose rates the median is reported.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>What was timed and how fast it was.</summary>
/// <param name="Plan">How the work was laid onto the device.</param>
/// <param name="ImaginedStepsPerSecond">Of all learners together, median over the rounds.</param>
/// <param name="Rounds">The rounds' rates.</param>
/// <param name="GflopPerSecond">Operations of the formulas written densely: a CPU skips those that a ReLU made zero.</param>
/// <param name="GigabytesPerSecond">Rows written and model rows read, if nothing is reused.</param>
/// <param name="Error">Largest error against the reference in double precision, checked before the timing.</param>
public sealed record RolloutBenchmarkResult(
    string Device, string Instructions, int Threads, string Plan, RolloutBenchmarkSettings Settings,
    double ImaginedStepsPerSecond, IReadOnlyList<double> Rounds, double GflopPerSecond, double GigabytesPerSecond, double Error);

/// <summary>Times imagination rollouts; their rows are held against the reference first.</summary>
public static class RolloutBenchmark
{
    /// <summary>Checks, warms up, times.</summary>
    /// <exception cref="InvalidOperationException">The result is wrong; nothing was timed.</exception>
    public static RolloutBenchmarkResult Run(Device device, RolloutBenchmarkSettings settings)
    {
        RolloutDefinition definition = Definition(settings);
        var shape = new NafShape(definition.Observation.Size, settings.Action, settings.Hidden);
        var each = new RolloutSettings { Rollouts = settings.Rollouts, Steps = settings.Steps, ActionNoise = 0.2f };
        // what is checked is the program that is timed
        using var check = new RolloutTrial(device, definition, shape, [each with { Rollouts = 75 }, each with { Rollouts = 31 }]);
        check.Run();
        RolloutCheck.Errors first = check.Compare(0), second = check.Compare(1);
        if (!first.Agree || !second.Agree)
            throw new InvalidOperationException($"the rollouts differ from the reference ({first}, {second}); they were not timed");

        using var trial = new RolloutTrial(device, definition, shape, [.. Enumerable.Repeat(each, settings.Learners)]);
        // every call makes the same steps, and waits for the device
        long steps = trial.Run();
        Action once = () => trial.Run(), finish = () => { };
        // until the compiler has done with it
        BenchmarkRounds.Time(once, finish, 1, 1);
        double[] rates = [.. BenchmarkRounds.Time(once, finish, settings.Seconds, settings.Rounds).Select(calls => calls * steps)];
        double median = BenchmarkRounds.Median(rates);
        int threads = device is CpuDevice cpu ? cpu.Team.Threads : 0;
        return new RolloutBenchmarkResult(device.Info.Name, device.Info.Instructions, threads, trial.Rollouts.Plan, settings, median, rates,
            median * Operations(definition, shape) * 1e-9, median * Bytes(definition) * 1e-9, Math.Max(first.Row, second.Row));
    }

    // a chain of hinges whose observation is its state, with a distance, a sharper one and a price of the action as reward
    internal static RolloutDefinition Definition(RolloutBenchmarkSettings settings)
    {
        int joints = settings.Joints;
        var tree = new KinematicTree(
            [new("world", 0, default, Quat<double>.Identity, 0, 0),
                .. Enumerable.Range(0, joints).Select(i => new TreeBody($"link{i}", i, default, Quat<double>.Identity, i, 1))],
            [.. Enumerable.Range(0, joints).Select(i => new TreeJoint($"j{i}", TreeJointType.Hinge, i + 1, i, i, default, new(0, 0, 1), 0))],
            [], [.. new double[joints]], joints);
        ImmutableArray<ObservationEntry> entries =
        [
            .. Enumerable.Range(0, joints).Select(i => new JointEntry($"q{i}", JointQuantity.Position, i)),
            .. Enumerable.Range(0, joints).Select(i => new JointEntry($"v{i}", JointQuantity.Velocity, i)),
        ];
        var reward = new RewardDefinition(2 * joints, settings.Action,
        [
            Term(RewardKind.SmoothNorm, -1, 0, Math.Min(2, joints)),
            Term(RewardKind.LogQuadratic, -0.1, 0, Math.Min(3, joints)),
            Term(RewardKind.Quadratic, -0.01, 2 * joints, Math.Min(RewardDefinition.MaxIndices, settings.Action)),
        ], []);
        var dynamics = new DynamicsShape(settings.Horizon, 2 * joints, settings.Action);
        return new RolloutDefinition(new StateCoordinates(tree), new ObservationDefinition(tree, 0, entries), reward, dynamics);

        static RewardTerm Term(RewardKind kind, double weight, int first, int count) =>
            new(kind, weight, 0.1, 0, [.. Enumerable.Range(first, count)], [.. new double[count]], [.. Enumerable.Repeat(1.0, count)]);
    }

    // a multiply-add is two
    private static double Operations(RolloutDefinition definition, NafShape shape)
    {
        (int s, int a) = (definition.Dynamics.State, definition.Dynamics.Action);
        double products = s * (s + a) + s * (s + 1) / 2, inputs = shape.State;
        foreach (int units in shape.Hidden) (products, inputs) = (products + inputs * units, units);
        return 2 * (products + inputs * a);
    }

    private static double Bytes(RolloutDefinition definition) => sizeof(float) * (definition.RowLength + definition.Dynamics.PackedStep);
}
