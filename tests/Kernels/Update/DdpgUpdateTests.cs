using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using static Naf.Tests.NafUpdateTests;

namespace Naf.Tests;

/// <summary>DDPG's updates on the CPU and every GPU device, against the reference, on awkward sizes.</summary>
internal sealed class DdpgUpdateTests(string name) : EveryDeviceFixture(name)
{
    [TestCase(1, 1, "1,1", 1)]
    [TestCase(5, 2, "31,17", 16)]
    [TestCase(20, 6, "200,200", 64)]
    [TestCase(17, 31, "33,47,16", 31)]
    [TestCase(443, 7, "31,443", 3)]
    [TestCase(3, 64, "1,20", 67)]
    [TestCase(20, 6, "200,200", 64, Normalisation.Layer)]
    [TestCase(17, 31, "33,47,16", 31, Normalisation.Layer)]
    [TestCase(3, 64, "17,20", 67, Normalisation.Layer)]
    public void Three_updates_are_those_of_the_reference(
        int state, int action, string hidden, int batch, Normalisation normalisation = Normalisation.None)
    {
        var settings = new LearnerSettings { Seed = 3, Gamma = 0.9f, RewardScale = 2, ClipNorm = 5 };
        DdpgShape shape = Ddpg(state, action, hidden) with { Normalisation = normalisation };
        KernelError[] errors = UpdateCheck.Run(Device, shape, settings, batch, updates: 3, Scale(state));
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    [TestCase(1, Normalisation.None)]
    [TestCase(443, Normalisation.None)]
    [TestCase(31, Normalisation.Layer)]
    public void Actions_and_values_of_a_trained_learner_are_those_of_the_reference(
        int samples, Normalisation normalisation)
    {
        DdpgShape shape = Ddpg(7, 3, "40,31,17") with { Normalisation = normalisation };
        KernelError[] errors = UpdateCheck.PolicyErrors(Device, shape, samples);
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    [Test]
    public void A_checkpoint_moves_to_the_processor_and_goes_on_bitwise_where_it_was()
    {
        using var cpu = new CpuDevice(1);
        using LearnerPopulation first = Population(100), second = Population(0), moved = Create(cpu);
        first.Update(3);
        byte[] state = Saved.Bytes(first.Serialise);
        foreach (LearnerPopulation population in (LearnerPopulation[])[second, moved])
        {
            population.Serialise(Saved.Of(state));
            Assert.That(Saved.Bytes(population.Serialise), Is.EqualTo(state));
        }
        foreach (LearnerPopulation population in (LearnerPopulation[])[first, second, moved]) population.Update(2);
        Assert.That(Saved.Bytes(second.Serialise), Is.EqualTo(Saved.Bytes(first.Serialise)));
        float[] expected = first.LearnerAt(0).Parameters.Span.ToArray();
        Assert.That(moved.LearnerAt(0).Parameters.Span.ToArray(),
            Is.EqualTo(expected).Within(Tolerances.UpdatedParameters));

        LearnerPopulation Population(int rows)
        {
            LearnerPopulation population = Create(Device);
            for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, rows, (ulong)k);
            return population;
        }
    }

    [Test]
    public void A_learner_that_overflows_stops_before_its_parameters_are_touched()
    {
        using LearnerPopulation population = Create(Device);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 100, (ulong)k);
        population.Update(2);
        float[] huge = [1e30f, 1e30f, 1e30f, 1e30f], before = population.LearnerAt(0).Parameters.Span.ToArray();
        for (int i = 0; i < 200; i++) population.Store(0, huge, [0, 0], 1e30f, huge, false);
        population.Update(2);
        Assert.That(population.TakeReport(0), Has.Property("Finite").False.And.Property("Updates").EqualTo(2));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(before));
        Assert.That(population.TakeReport(1).Updates, Is.EqualTo(4));
    }

    private static LearnerPopulation Create(Device device)
    {
        var settings = new LearnerSettings { BatchSize = 16, ReplayCapacity = 200, Gamma = 0.9f };
        return LearnerPopulation.Create(
            device, Ddpg(4, 2, "20,33"), [], [settings with { Seed = 1 }, settings with { Seed = 2 }]);
    }

    internal static DdpgShape Ddpg(int state, int action, string hidden) =>
        new(state, action, [.. hidden.Split(',').Select(int.Parse)]);
}
