using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A population imagines into its own R_f, on the processor and on every GPU device, and learns from it.</summary>
[TestFixture("cpu")]
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class PopulationRolloutTests(string name)
{
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 3, action: 2, horizon: 9);
    private static readonly RolloutSettings Still = new() { Rollouts = 31, Steps = 4 };

    private Device Open() => name == "cpu" ? new CpuDevice(2) : GpuDevices.Open(name);

    [TestCase(false, false)]
    [TestCase(true, true)]
    public void The_acting_policy_fills_R_f_and_the_updates_take_it(bool trunk, bool batchNorm)
    {
        using Device device = Open();
        var shape = new NafShape(6, 2, [31], trunk, batchNorm);
        float[] scale = [1, 0.5f, 2, 1, 0.25f, 1];
        LearnerSettings[] learners = [new() { Seed = 1 }, new() { Seed = 2 }];
        using var population = new NafPopulation(device, shape, scale, 16, 100, learners, imaginedCapacity: 150);
        using var rollouts = new ImaginationRollouts(device, population, Task, [Still, Still]);
        Assert.That(rollouts.Run, Throws.InvalidOperationException.With.Message.Contains("SetDynamics"));

        // other weights than at first
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 64, (ulong)k);
        population.Update(20);
        rollouts.SetDynamics([.. RolloutCheck.DrawDynamics(Task.Dynamics, 3), .. RolloutCheck.DrawDynamics(Task.Dynamics, 4)]);
        for (int k = 0; k < 2; k++) RolloutCheck.DrawStarts(rollouts.Starts(k), Task, 31, 4, (ulong)k);
        for (int round = 0; round < 2; round++) rollouts.Run();
        var u = new float[2];
        for (int k = 0; k < 2; k++)
        {
            Assert.That((rollouts.Report(k), population.ImaginedCount(k)), Is.EqualTo((new RolloutReport(124, 0), 150)));
            Span<float> rows = population.LearnerAt(k).Imagined.Rows;
            for (int i = 0; i < 150; i++)
            {
                Span<float> row = rows.Slice(i * Task.RowLength, Task.RowLength);
                population.Act(k, row[..6], u);
                Assert.That(row.Slice(6, 2).ToArray(), Is.EqualTo(u).Within(1e-5f), $"learner {k}, row {i}");
            }
        }
        population.Update(imagined: 5, real: 0);
        LearnerReport report = population.TakeReport(1);
        Assert.That((report.Updates, report.Finite), Is.EqualTo((25L, true)));
    }

    [Test]
    public void A_population_without_R_f_or_of_another_device_is_refused()
    {
        using Device device = Open(), other = name == "cpu" ? GpuDevices.Open(GpuDevices.Pocl) : new CpuDevice(1);
        var shape = new NafShape(6, 2, [31]);
        using var without = new NafPopulation(device, shape, [], 16, 100, [new LearnerSettings()]);
        Assert.That(() => new ImaginationRollouts(device, without, Task, [Still]), Throws.ArgumentException.With.Message.Contains("R_f"));
        using var population = new NafPopulation(device, shape, [], 16, 100, [new LearnerSettings()], imaginedCapacity: 10);
        Assert.That(() => new ImaginationRollouts(other, population, Task, [Still]), Throws.TypeOf<DeviceException>());
    }
}
