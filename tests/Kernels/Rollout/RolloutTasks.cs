using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Tasks for the rollout tests.</summary>
internal static class RolloutTasks
{
    private static readonly ToleranceSigmoid[] Sigmoids = Enum.GetValues<ToleranceSigmoid>();

    /// <summary>
    /// Sliders whose observation is their state; reward −(q₀² + |u|²), terminated by a bound on |q₀|.
    /// </summary>
    public static RolloutDefinition Chain(
        int joints, int action, int horizon, double bound = double.PositiveInfinity, double terminationReward = 0)
    {
        var observation = ObservationDefinition.OfSlides(joints, velocities: true);
        var reward = new RewardDefinition(2 * joints, action,
        [
            new(RewardKind.Quadratic, -1, 0, 0, [0], [0], [1]),
            new(RewardKind.Quadratic, -1, 0, 0,
                [.. Enumerable.Range(2 * joints, action)], [.. new double[action]],
                [.. Enumerable.Repeat(1.0, action)]),
        ], [new(0, -bound, bound)], terminationReward);
        var dynamics = new DynamicsShape(horizon, 2 * joints, action);
        return new RolloutDefinition(new StateCoordinates(observation.Tree), observation, reward, dynamics);
    }

    /// <summary>A built-in task.</summary>
    public static RolloutDefinition BuiltIn(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        ObservationDefinition observation = task.Definition.Observation;
        return new RolloutDefinition(
            new StateCoordinates(observation.Tree), observation, task.Reward,
            new DynamicsShape(20, 2 * observation.Tree.Nv, task.ActionSize));
    }

    /// <summary>
    /// Every kind of entry and reward over a tree with every kind of joint, five constants, and a bound that some
    /// rollouts reach.
    /// </summary>
    public static RolloutDefinition Everything()
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition observation = SampleTrees.EveryEntry(tree);
        int x = observation.Size;
        var reward = new RewardDefinition(x, 3,
        [
            new(RewardKind.Linear, 0.5, 0, 0.25, [0, x + 1], [0.1, 0], [1, -2]),
            new(RewardKind.Quadratic, -0.5, 0, 0, [3, x], [0.3, 0], [1, 0.5]),
            new(RewardKind.SmoothNorm, -1, 0.1, 0, [5, 6, 7], [0, 0.5, 1], [1, 1, 2]),
            new(RewardKind.LogQuadratic, -0.25, 0.2, 0, [8, 9], [0, 0], [1, 3]),
            new(RewardKind.Bump, 2, 0.7, 0, [10, 11, x + 2], [0.2, 0, 0], [1, 1, 1]),
            new(RewardKind.Sigmoid, 1.5, 0.3, -0.2, [12, 13], [0, 0.1], [0.5, -1]),
            new(RewardKind.Linear, 0.7, 0, 1, [], [], []),
            new(RewardKind.Linear, 2, 0, 0, [1], [0], [1]) { ClipLow = -0.4, ClipHigh = 0.3 },
            .. Enum.GetValues<ToleranceOf>().Select((of, k) =>
                new RewardTerm(RewardKind.Product, 1, 0, 0, [.. Enumerable.Range(k, 2 * Sigmoids.Length)],
                    [.. new double[2 * Sigmoids.Length]], [.. Enumerable.Repeat(0.5, 2 * Sigmoids.Length)])
                {
                    // none is 0 everywhere, so that each counts
                    Factors = [.. Sigmoids.Select(
                        sigmoid => new ToleranceFactor(of, 2, -0.1, 0.2, 1, sigmoid, Least: 0.5))],
                }),
            new(RewardKind.Product, 1, 0, 0, [3], [0], [1]) { Factors = [new(ToleranceOf.Value, 1, -0.5, 0.5)] },
        ], [new(0, -0.8, 0.9), new(5, double.NegativeInfinity, 3)], -2.5);
        Assert.That(reward.Terms.Select(t => t.Kind).Distinct(), Is.EquivalentTo(Enum.GetValues<RewardKind>()),
            "add a term of the kind above");
        return new RolloutDefinition(new StateCoordinates(tree), observation, reward,
            new DynamicsShape(12, 2 * tree.Nv, 3));
    }
}
