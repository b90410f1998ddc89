using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>Updates on the CPU and every GPU device, against the reference in double, on awkward sizes.</summary>
internal sealed class NafUpdateTests(string name) : EveryDeviceFixture(name)
{
    private static readonly string[] Kinds =
        ["", "trunk", "twin", "layer", "trunk layer", "twin layer", "batch", "trunk batch", "twin batch"];

    [TestCase(1, 1, "1", 1, "")]
    [TestCase(5, 2, "31", 16, "")]
    [TestCase(20, 6, "200,200", 64, "")]
    [TestCase(17, 3, "33,47,16", 31, "trunk")]
    [TestCase(443, 7, "31", 3, "")]
    [TestCase(7, 2, "31,20", 19, "batch")]
    [TestCase(7, 2, "31,20", 19, "layer")]
    [TestCase(3, 1, "17", 31, "trunk batch")]
    [TestCase(20, 6, "200,33", 64, "trunk layer")]
    [TestCase(5, 1, "443", 67, "")]
    [TestCase(31, 8, "64,33,100", 130, "trunk")]
    [TestCase(17, 3, "33,47,16", 67, "twin")]
    [TestCase(7, 2, "31,20", 19, "twin batch")]
    public void Three_updates_are_those_of_the_reference(int state, int action, string hidden, int batch, string kind)
    {
        // a batch of one has no variance for normalisation
        foreach (string k in OnCpu ? Kinds.Where(k => batch > 1 || !k.Contains("batch")) : [kind])
        {
            var settings = new LearnerSettings { Seed = 3, Gamma = 0.9f, RewardScale = 2, ClipNorm = 5 };
            NafShape shape = Shape(state, action, hidden, k);
            KernelError[] errors = UpdateCheck.Run(Device, shape, settings, batch, updates: 3, Scale(state));
            Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True, k);
        }
    }

    [Test]
    public void Batch_renormalisation_is_bounded_far_from_the_running_statistics()
    {
        KernelError[] errors = UpdateCheck.Run(
            Device, Shape(7, 2, "31,20", "batch"), new LearnerSettings { Seed = 3 }, batch: 19, updates: 3,
            [.. Scale(7).Select(factor => 100 * factor)]);
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    [Test]
    public void Updates_with_limited_values_and_saturated_actions_are_those_of_the_reference(
        [Values("", "twin", "ddpg")] string kind)
    {
        LearnerShape shape = kind == "ddpg" ? DdpgUpdateTests.Ddpg(5, 3, "31,20") : Shape(5, 3, "31,20", kind);
        // rewards allow values within about ±0.3, and the outputs for μ are beyond ±2; here with the
        // paper's gradient of μ, elsewhere with the natural one
        var settings = new LearnerSettings
        {
            Seed = 3, Gamma = 0.5, RewardScale = 0.05, HeadScale = 9, SaturationPenalty = 1, NaturalGradient = false,
        };
        KernelError[] errors = UpdateCheck.Run(Device, shape, settings, 19, updates: 3, Scale(5));
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);

        // and both take part
        settings = settings with { BatchSize = 19, ReplayCapacity = 1000, Epsilon = 1e-2f };
        using LearnerPopulation population = LearnerPopulation.Create(Device, shape, Scale(5),
            [settings, settings with { SaturationPenalty = 0 }, settings with { BoundValues = false }]);
        for (int k = 0; k < 3; k++) UpdateCheck.Fill(population, k, 300, 4);
        population.Update(1);
        float[][] moments = [.. Enumerable.Range(0, 3).Select(k => population.LearnerAt(k).FirstMoment.Span.ToArray())];
        Assert.That(moments[1], Is.Not.EqualTo(moments[0]).Within(1e-3));
        Assert.That(moments[2], Is.Not.EqualTo(moments[0]).Within(1e-3));
    }

    [Test]
    public void Updates_with_limited_errors_are_those_of_the_reference([Values("", "twin", "ddpg")] string kind)
    {
        LearnerShape shape = kind == "ddpg" ? DdpgUpdateTests.Ddpg(5, 3, "31,20") : Shape(5, 3, "31,20", kind);
        var settings = new LearnerSettings { Seed = 3, Huber = 0.5 };
        KernelError[] errors = UpdateCheck.Run(Device, shape, settings, 19, updates: 3, Scale(5));
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);

        // the limit takes part; the loss that is reported has none
        settings = settings with { BatchSize = 19, ReplayCapacity = 1000 };
        using LearnerPopulation population =
            LearnerPopulation.Create(Device, shape, Scale(5), [settings, settings with { Huber = 0 }]);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 300, 4);
        population.Update(1);
        Assert.That(population.TakeReport(0).Loss, Is.EqualTo(population.TakeReport(1).Loss));
        float[][] moments = [.. Enumerable.Range(0, 2).Select(k => population.LearnerAt(k).FirstMoment.Span.ToArray())];
        Assert.That(moments[0], Is.Not.EqualTo(moments[1]).Within(1e-3));
    }

    [TestCase(1, "")]
    [TestCase(31, "twin")]
    [TestCase(31, "trunk")]
    [TestCase(443, "batch")]
    [TestCase(31, "layer")]
    [TestCase(20, "trunk batch")]
    public void Actions_and_values_of_a_trained_learner_are_those_of_the_reference(int samples, string kind)
    {
        KernelError[] errors = UpdateCheck.PolicyErrors(Device, Shape(7, 3, "40,31,17", kind), samples);
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    [Test]
    public void All_learners_act_in_one_call_as_in_one_each()
    {
        using LearnerPopulation population = Population(Device, [1, 2]);
        float[] x = [.. Enumerable.Range(0, 8).Select(i => 0.3f * (i - 4))], u = new float[4];
        float[] all = [.. Enumerable.Repeat(float.NaN, 4)];
        for (int k = 0; k < 2; k++) population.Act(k, x.AsSpan(4 * k, 4), u.AsSpan(2 * k, 2));
        population.Act(0, 2, x, all);
        Assert.That(all, Is.EqualTo(u));
        Assert.That(() => population.Act(0, new float[3], new float[2]),
            Throws.ArgumentException.With.Message.Contains("3 entries"));

        float[] lower = [.. Enumerable.Repeat(float.NaN, 6)], one = new float[3];
        all.AsSpan().Fill(float.NaN);
        population.Act(0, 2, x, all, lower);
        Assert.That(all, Is.EqualTo(u), "the same action where L is needed");
        for (int k = 0; k < 2; k++)
        {
            population.Act(k, 1, x.AsSpan(4 * k, 4), all.AsSpan(0, 2), one);
            Assert.That(lower[(3 * k)..(3 * k + 3)], Is.EqualTo(one));
            LearnerValues values = population.Evaluate(k, x.AsSpan(4 * k, 4), new float[2]);
            Assert.That(values.Lower, Is.EqualTo(one).Within(Tolerances.PolicyAction));
            Assert.That(values.Mu, Is.EqualTo(u[(2 * k)..(2 * k + 2)]).Within(Tolerances.PolicyAction));
        }
        Assert.That(() => population.Act(0, 2, x, all, one),
            Throws.ArgumentException.With.Message.Contains("L has 3 entries, expected 6"));
        Assert.That(() => population.Evaluate(1, x, []),
            Throws.ArgumentException.With.Message.Contains("u has 0 entries"));
    }

    [Test]
    public void A_checkpoint_moves_to_the_processor_and_goes_on_bitwise_where_it_was(
        [Values("", "batch", "layer", "twin")] string kind)
    {
        using var cpu = new CpuDevice(1);
        using LearnerPopulation first = Population(Device, [1, 2], kind);
        using LearnerPopulation second = Population(Device, [1, 2], kind, rows: 0);
        using LearnerPopulation moved = Population(cpu, [1, 2], kind, rows: 0);
        first.Update(3);
        byte[] state = Saved.Bytes(first.Serialise);
        foreach (LearnerPopulation population in (LearnerPopulation[])[second, moved])
        {
            population.Serialise(Saved.Of(state));
            Assert.That(Saved.Bytes(population.Serialise), Is.EqualTo(state));
        }
        // continue beyond the capacity: the replay wraps around
        foreach (LearnerPopulation population in (LearnerPopulation[])[first, second, moved])
        {
            UpdateCheck.Fill(population, 0, 150, 99);
            population.Update(2);
        }
        Assert.That(Saved.Bytes(second.Serialise), Is.EqualTo(Saved.Bytes(first.Serialise)));
        Assert.That(second.TakeReport(1), Is.EqualTo(first.TakeReport(1)));
        float[] expected = first.LearnerAt(0).Parameters.Span.ToArray();
        Assert.That(moved.LearnerAt(0).Parameters.Span.ToArray(),
            Is.EqualTo(expected).Within(Tolerances.UpdatedParameters));
    }

    [Test]
    public void The_best_networks_are_those_that_acted_when_they_were_kept([Values("", "trunk batch")] string kind)
    {
        float[] x = [0.3f, -0.2f, 0.5f, -1], then = new float[2], now = new float[2], best = new float[2];
        using LearnerPopulation population = Population(Device, [1, 2], kind), other = Population(Device, [1, 2], kind);
        population.Update(3);
        population.KeepBest(1, 7);
        population.Act(1, x, then);
        population.Update(3);
        population.Act(1, x, now);
        CheckpointScope saved = Saved.By(population.Serialise);
        Assert.That((LearnerPopulation.BestEpisode(saved, 0), LearnerPopulation.BestEpisode(saved, 1)),
            Is.EqualTo(((int?)null, (int?)7)));
        other.LoadNetworks(0, saved, 1, best: true);
        other.Act(0, x, best);
        Assert.That(best, Is.EqualTo(then).And.Not.EqualTo(now));

        // kept anew, saved and loaded with the rest
        population.KeepBest(1, 9);
        byte[] state = Saved.Bytes(population.Serialise);
        other.Serialise(Saved.Of(state));
        Assert.That(Saved.Bytes(other.Serialise), Is.EqualTo(state));
        other.LoadNetworks(0, Saved.Of(state), 1, best: true);
        other.Act(0, x, best);
        Assert.That(best, Is.EqualTo(now));
    }

    [Test]
    public void A_learner_that_overflows_stops_before_its_parameters_are_touched_and_the_others_go_on()
    {
        using LearnerPopulation population = Population(Device, [1, 2]);
        population.Update(5);
        float[] huge = [1e30f, 1e30f, 1e30f, 1e30f], before = population.LearnerAt(0).Parameters.Span.ToArray();
        for (int i = 0; i < 200; i++) population.Store(0, huge, [0, 0], 1e30f, huge, false);
        population.Update(2);
        population.Update(3);
        Assert.That(population.TakeReport(0), Has.Property("Finite").False.And.Property("Updates").EqualTo(5));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(before));
        Assert.That(population.TakeReport(1), Has.Property("Finite").True.And.Property("Updates").EqualTo(10));
        population.SetActive(0, true);
        population.Update(1);
        Assert.That(population.TakeReport(0).Updates, Is.EqualTo(5));
    }

    [Test]
    public void A_target_value_that_is_not_finite_stops_the_learner(
        [Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float value,
        [Values("", "twin", "second twin", "ddpg")] string kind)
    {
        LearnerShape shape = kind == "ddpg" ? DdpgUpdateTests.Ddpg(4, 2, "20,33") : Shape(4, 2, "20,33", kind);
        var settings = new LearnerSettings { BatchSize = 16, ReplayCapacity = 200 };
        using LearnerPopulation population = LearnerPopulation.Create(Device, shape, [], [settings, settings]);
        for (int k = 0; k < 2; k++) UpdateCheck.Fill(population, k, 100, 1);
        population.Update(1);
        Learner learner = population.LearnerAt(0);
        // the bias of V′, V₂′ or Q′, the network's last array
        int networks = kind == "second twin" ? 2 : 1;
        learner.Target.Span[learner.Networks[..networks].Sum(n => n.Parameters) - MlpShape.Pad(1)] = value;
        population.Gpu?.Push();
        float[] before = learner.Parameters.Span.ToArray();
        population.Update(1);
        Assert.That(population.TakeReport(0), Has.Property("Finite").False.And.Property("Updates").EqualTo(1));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(before));
        Assert.That(population.TakeReport(1), Has.Property("Finite").True.And.Property("Updates").EqualTo(2));
    }

    [Test]
    public void A_replay_grows_and_overwrites_its_oldest_rows()
    {
        using var cpu = new CpuDevice(1);
        double[] losses = [.. new[] { Device, cpu }.Select(device =>
        {
            var settings = new LearnerSettings { BatchSize = 8, ReplayCapacity = 5000 };
            using LearnerPopulation population = LearnerPopulation.Create(device, Shape(2, 1, "16"), [], [settings]);
            for (int fill = 0; fill < 4; fill++)
            {
                UpdateCheck.Fill(population, 0, 1500, (ulong)fill);
                population.Update(2);
            }
            Assert.That(population.ReplayCount(0), Is.EqualTo(5000));
            return population.TakeReport(0).Loss;
        })];
        Assert.That(losses[0], Is.EqualTo(losses[1]).Within(Tolerances.LossOfDevices * losses[1]));
    }

    /// <param name="kind">"trunk" or "twin", "batch" or "layer", or one of each; empty for none.</param>
    internal static NafShape Shape(int state, int action, string hidden, string kind = "") =>
        new(state, action, [.. hidden.Split(',').Select(int.Parse)], kind.Contains("trunk"),
            kind.Contains("batch") ? Normalisation.Batch
                : kind.Contains("layer") ? Normalisation.Layer : Normalisation.None, kind.Contains("twin"));

    internal static float[] Scale(int state) => [.. Enumerable.Range(0, state).Select(i => 0.5f + 0.1f * (i % 7))];

    /// <summary>Learners with a given number of transitions from their own seeds.</summary>
    internal static LearnerPopulation Population(
        Device device, ulong[] seeds, string kind = "", LaunchPlan? plan = null, int rows = 100)
    {
        var settings = new LearnerSettings { BatchSize = 16, ReplayCapacity = 200, Gamma = 0.9f };
        LearnerPopulation population = LearnerPopulation.Create(
            device, Shape(4, 2, "20,33", kind), [], [.. seeds.Select(seed => settings with { Seed = seed })],
            plan: plan);
        for (int k = 0; k < seeds.Length; k++) UpdateCheck.Fill(population, k, rows, seeds[k]);
        return population;
    }
}
