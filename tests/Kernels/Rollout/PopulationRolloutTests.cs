using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>A population imagines into its own R_f, and learns from it.</summary>
internal sealed class PopulationRolloutTests(string name) : EveryDeviceFixture(name)
{
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 3, action: 2, horizon: 9);
    private static readonly RolloutSettings Still = new() { Rollouts = 31, Steps = 4 };

    private static LearnerPopulation Population(
        Device device, int imagined = 150, bool trunk = false, Normalisation normalisation = Normalisation.None,
        float[]? scale = null)
    {
        LearnerSettings first = new() { Seed = 1, BatchSize = 16, ReplayCapacity = 100 },
            second = first with { Seed = 2 };
        return LearnerPopulation.Create(
            device, new NafShape(6, 2, [31], trunk, normalisation), scale, [first, second], imagined);
    }

    // without noise u = μ(x), and the gradient of μ is only rounding
    private static ImaginationRollouts Rollouts(
        Device device, LearnerPopulation population, PackedModels models, ulong seed, float noise = 0.3f)
    {
        RolloutSettings settings = Still with { ActionNoise = noise };
        var rollouts = new ImaginationRollouts(device, population, Task, models, [settings, settings]);
        for (int k = 0; k < 2; k++) RolloutTrial.DrawStarts(rollouts.Starts(k), Task, 31, 4, seed + (ulong)k);
        return rollouts;
    }

    private static void Draw(PackedModels models)
    {
        for (int k = 0; k < 2; k++) models.Write(k, RolloutTrial.DrawDynamics(Task.Dynamics, 3 + (ulong)k));
    }

    [TestCase(false, Normalisation.Layer)]
    [TestCase(true, Normalisation.Batch)]
    public void The_acting_policy_fills_R_f_and_the_updates_take_it(bool trunk, Normalisation normalisation)
    {
        using LearnerPopulation population = Population(Device, 150, trunk, normalisation, [1, 0.5f, 2, 1, 0.25f, 1]);
        using var models = new PackedModels(Device, Task.Dynamics, 2);
        using ImaginationRollouts rollouts = Rollouts(Device, population, models, seed: 0, noise: 0);
        Assert.That(rollouts.Run, Throws.InvalidOperationException.With.Message.Contains("no model"));
        Draw(models);

        // weights different from the initial ones
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 64, (ulong)k);
        population.Update(20);
        for (int round = 0; round < 2; round++) rollouts.Run();
        var u = new float[2];
        for (int k = 0; k < 2; k++)
        {
            Assert.That((rollouts.Report(k), population.ImaginedCount(k)),
                Is.EqualTo((new RolloutReport(124, 0), 150)));
            Span<float> rows = population.LearnerAt(k).Imagined.Rows;
            for (int i = 0; i < 150; i++)
            {
                Span<float> row = rows.Slice(i * Task.RowLength, Task.RowLength);
                population.Act(k, row[..6], u);
                Assert.That(row.Slice(6, 2).ToArray(), Is.EqualTo(u).Within(Tolerances.PolicyAction),
                    $"learner {k}, row {i}");
            }
        }
        population.Update(imagined: 5, real: 0);
        LearnerReport report = population.TakeReport(1);
        Assert.That((report.Updates, report.Finite), Is.EqualTo((25L, true)));
    }

    [Test]
    public void A_learner_that_has_just_stopped_imagines_nothing()
    {
        using LearnerPopulation population = Population(Device);
        using var models = new PackedModels(Device, Task.Dynamics, 2);
        Draw(models);
        using ImaginationRollouts rollouts = Rollouts(Device, population, models, seed: 50);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 64, (ulong)k);
        // their squared error is not finite
        for (int i = 0; i < 30; i++)
            population.Store(0, new float[6], new float[2], float.MaxValue, new float[6], terminal: false);
        population.Update(5);
        rollouts.Run();
        Assert.That((population.ImaginedCount(0), population.ImaginedCount(1)), Is.EqualTo((0, 124)));
        Assert.That((population.TakeReport(0).Finite, population.TakeReport(1).Finite), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_population_without_R_f_or_of_another_device_is_refused()
    {
        using LearnerPopulation without = Population(Device, imagined: 0), with = Population(Device);
        using PackedModels here = new(Device, Task.Dynamics, 2), there = new(Other, Task.Dynamics, 2);
        using var three = new PackedModels(Device, Task.Dynamics, 3);
        Assert.That(() => Rollouts(Device, without, here, 1), Throws.ArgumentException.With.Message.Contains("R_f"));
        Assert.That(() => Rollouts(Device, with, three, 1), Throws.ArgumentException.With.Message.Contains("3 models"));
        foreach ((Device device, PackedModels models) in new[] { (Other, here), (Other, there), (Device, there) })
            Assert.That(() => Rollouts(device, with, models, seed: 1), Throws.TypeOf<DeviceException>());
    }
}
