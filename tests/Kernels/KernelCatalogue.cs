using Naf.Gpu;
using Naf.Kernels;

namespace Naf.Tests;

/// <summary>Sources of all kernels, with constants as training gives them and with awkward ones.</summary>
internal static class KernelCatalogue
{
    /// <summary>A name and what it stands for.</summary>
    public static IEnumerable<(string Name, Func<KernelSource> Make)> All =>
    [
        ("test kernels", () => TestKernels.All()),
        ("ceiling", () => DeviceCeiling.Source),
        ("advantage, 1 action", () => AdvantageEvaluation.Source(1)),
        ("advantage, 7 actions", () => AdvantageEvaluation.Source(7)),
        ("update, three networks", () => Update(new NafShape(20, 6, [200, 200]), 64, new LaunchPlan(256, 2, 2, 16, PlanLaunch.Together))),
        ("update, trunk", () => Update(new NafShape(443, 7, [31], SharedTrunk: true), 3, new LaunchPlan(128, 8, 8, 1, PlanLaunch.ByPhase))),
        ("update, norm", () => Update(new NafShape(5, 1, [33, 47, 16], BatchNorm: true), 31, new LaunchPlan(64, 31, 1, 1, PlanLaunch.ByPhase))),
        ("regression", () => Regression(new MlpShape(26, [200, 200], 20), 64, new LaunchPlan(256, 2, 2, 1, PlanLaunch.ByPhase))),
        ("regression, odd", () => Regression(new MlpShape(1, [33, 47, 16], 31), 19, new LaunchPlan(64, 16, 8, 1, PlanLaunch.ByPhase))),
        ("rollout, reacher", () => Rollout(RolloutTasks.BuiltIn("reacher"), trunk: false, norm: false)),
        ("rollout, everything", () => Rollout(RolloutTasks.Everything(), trunk: true, norm: true)),
        ("fit, double", () => GpuGaussianFit<double>.Source(new DynamicsShape(31, 20, 6), 128)),
        ("fit, float", () => GpuGaussianFit<float>.Source(new DynamicsShape(1, 7, 1), 64)),
    ];

    private static KernelSource Update(NafShape shape, int batch, LaunchPlan plan)
    {
        var networks = new GpuNafNetworks(shape);
        return GpuTrainer.UpdateSource(networks, plan, new LearnerLayout(networks, batch, plan.Tiles(networks)), batch);
    }

    private static KernelSource Regression(MlpShape shape, int batch, LaunchPlan plan)
    {
        var networks = new GpuNetworks([shape]);
        return GpuRegression.Source(networks, shape, plan, new RegressionLayout(networks, shape, batch, plan.Tiles(networks)), batch);
    }

    private static KernelSource Rollout(RolloutDefinition definition, bool trunk, bool norm)
    {
        var shape = new NafShape(definition.Observation.Size, definition.Dynamics.Action, [200, 31], trunk, norm);
        return GpuRollouts.Source(definition, shape, RolloutPlan.Of(16, definition, shape));
    }
}
