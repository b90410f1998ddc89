using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The update on every GPU device that tests have, against the reference in double precision.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class GpuUpdateTests(string name) : GpuFixture(name)
{
    [TestCase(1, 1, "1", 1, "")]
    [TestCase(5, 2, "31", 16, "")]
    [TestCase(20, 6, "200,200", 64, "")]
    [TestCase(17, 3, "33,47,16", 31, "trunk")]
    [TestCase(443, 7, "31", 3, "")]
    [TestCase(7, 2, "31,20", 19, "norm")]
    [TestCase(3, 1, "17", 31, "trunk norm")]
    public void An_update_agrees_with_the_reference(int state, int action, string hidden, int batch, string kind)
    {
        UpdateCheck.Errors errors = UpdateCheck.Run(Device, Shape(state, action, hidden, kind), Settings(3), batch, 3, Scale(state));
        Assert.That(errors.Agree, Is.True, errors.ToString());
    }

    // any number of threads, and more rows than there are samples
    [TestCase(1, 1, 1, 3)]
    [TestCase(3, 4, 2, 7)]
    [TestCase(4, 4, 4, 5)]
    [TestCase(64, 32, 8, 2)]
    public void Every_plan_agrees_with_the_reference(int threads, int rows, int rowsPerThread, int parts)
    {
        var plan = new LaunchPlan(Math.Min(threads, Device.Limits.GroupThreads), rows, rowsPerThread, parts, PlanLaunch.ByPhase);
        var settings = Settings(3) with { ClipNorm = 0.5f };
        UpdateCheck.Errors errors = UpdateCheck.Run(Device, Shape(9, 3, "40,24", ""), settings, 23, 2, Scale(9), plan: plan);
        Assert.That(errors.Agree, Is.True, errors.ToString());
    }

    // groups that wait for each other only where the device runs them together
    [TestCase("")]
    [TestCase("norm")]
    public void Every_kind_of_launch_gives_the_same_bits(string kind)
    {
        var plan = new LaunchPlan(Math.Min(64, Device.Limits.GroupThreads), kind == "" ? 4 : 16, 4, 1, PlanLaunch.Together);
        LaunchPlan byPhase = plan with { Launch = PlanLaunch.ByPhase };
        LaunchPlan[] plans = [byPhase, byPhase with { Parts = 3 }, plan, plan with { Parts = 2 }];
        byte[][] states = [.. plans[..(Device.Limits.Cooperative ? 4 : 2)].Select(p =>
        {
            using NafPopulation population = Population([1, 2], p, kind: kind);
            population.Gpu!.Poison();
            population.Update(3);
            Assert.That(population.Gpu.LaunchPlan, Is.EqualTo(p));
            return State(population);
        })];
        Assert.That(states, Has.All.EqualTo(states[0]));
    }

    [Test]
    public void Learners_do_not_disturb_each_other_and_repeat_bitwise()
    {
        var plan = new LaunchPlan(Math.Min(64, Device.Limits.GroupThreads), 4, 4, 2, PlanLaunch.ByPhase);
        using NafPopulation three = Population([5, 6, 7], plan), again = Population([5, 6, 7], plan), one = Population([6], plan);
        foreach (NafPopulation population in (NafPopulation[])[three, again, one]) population.Update(4);
        Assert.That(State(again), Is.EqualTo(State(three)));
        Assert.That(one.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(three.LearnerAt(1).Parameters.Span.ToArray()));
        Assert.That(one.TakeReport(0), Is.EqualTo(three.TakeReport(1)));
    }

    [Test]
    public void A_checkpoint_moves_between_devices_and_continues_bitwise_on_each()
    {
        using var cpu = new CpuDevice(1);
        using NafPopulation first = Population([1, 2]), second = Population([3, 4], filled: false, seeds: [1, 2]);
        using NafPopulation host = Population([1, 2], device: cpu, filled: false);
        first.Update(3);
        byte[] state = State(first);
        second.Load(new MemoryStream(state));
        host.Load(new MemoryStream(state));
        Assert.That(State(host), Is.EqualTo(state), "through the CPU and back");

        // on, with new transitions, from where it was
        foreach (NafPopulation population in (NafPopulation[])[first, second, host])
        {
            UpdateCheck.Fill(population, 0, 10, 99);
            population.Update(2);
        }
        Assert.That(State(second), Is.EqualTo(State(first)));
        Assert.That(Difference(host, first), Is.LessThan(Tolerances.UpdatedParameters));
    }

    [Test]
    public void Imagined_updates_come_first_and_are_left_out_without_a_minibatch()
    {
        using var cpu = new CpuDevice(1);
        using NafPopulation gpu = Imagining(Device), host = Imagining(cpu);
        foreach (NafPopulation population in (NafPopulation[])[gpu, host])
        {
            // no imagined transitions yet
            population.Update(imagined: 3, real: 2);
            Assert.That(population.TakeReport(0).Updates, Is.EqualTo(2));
            byte[] state = State(population);
            Learner learner = population.LearnerAt(0);
            unsafe { learner.Imagined.Append(learner.Replay.Row(40), 60); }
            population.Gpu?.Push();
            population.Update(imagined: 3, real: 2);
            Assert.That(population.TakeReport(0).Updates, Is.EqualTo(7));
            Assert.That(State(population), Is.Not.EqualTo(state));
        }
        Assert.That(Difference(host, gpu), Is.LessThan(Tolerances.UpdatedParameters));

        static NafPopulation Imagining(Device device)
        {
            var population = new NafPopulation(device, Shape(4, 2, "20", ""), [], 16, 1000, [Settings(1)], imaginedCapacity: 100);
            UpdateCheck.Fill(population, 0, 100, 7);
            return population;
        }
    }

    [Test]
    public void The_policy_is_that_of_the_processor()
    {
        using var cpu = new CpuDevice(1);
        using NafPopulation gpu = Population([1, 2]), host = Population([1, 2], device: cpu);
        float[] x = [.. Enumerable.Range(0, 8).Select(i => 0.3f * (i - 4))], u = new float[4], all = new float[4], expected = new float[4];
        for (int k = 0; k < 2; k++)
        {
            gpu.Act(k, x.AsSpan(4 * k, 4), u.AsSpan(2 * k, 2));
            host.Act(k, x.AsSpan(4 * k, 4), expected.AsSpan(2 * k, 2));
        }
        all.AsSpan().Fill(float.NaN);
        gpu.ActAll(x, all);
        Assert.That(all, Is.EqualTo(u));
        Assert.That(u, Is.EqualTo(expected).Within(Tolerances.PolicyAction));
        host.ActAll(x, all);
        Assert.That(all, Is.EqualTo(expected));
        Assert.That(() => gpu.Act(0, new float[3], u.AsSpan(0, 2)), Throws.ArgumentException.With.Message.Contains("3 entries"));
    }

    [TestCase(1, "")]
    [TestCase(31, "trunk")]
    [TestCase(443, "norm")]
    public void Values_and_advantages_are_those_of_the_networks(int samples, string kind)
    {
        using var cpu = new CpuDevice(2);
        using NafPopulation gpu = Population([1, 2], kind: kind), host = Population([1, 2], device: cpu, kind: kind);
        gpu.Update(2);
        using (var stream = new MemoryStream(State(gpu))) host.Load(stream);
        float[] x = Drawn(4, 1), u = Drawn(2, 2);
        var results = new List<float[][]>();
        foreach (NafPopulation population in (NafPopulation[])[gpu, host])
        {
            float[][] all = [.. new[] { 1, 2, 3, 1, 1 }.Select(row => Enumerable.Repeat(float.NaN, row * samples).ToArray())];
            population.Evaluate(1, x, u, all[0], all[1], all[2], all[3], all[4]);
            Assert.That(all, Has.All.All.Matches<float>(float.IsFinite));
            for (int m = 0; m < samples; m++)
            {
                // Q = V − ½ |Lᵀ(u − μ)|²
                double d0 = u[2 * m] - all[1][2 * m], d1 = u[2 * m + 1] - all[1][2 * m + 1];
                double z0 = all[2][3 * m] * d0 + all[2][3 * m + 1] * d1, z1 = all[2][3 * m + 2] * d1, a = -0.5 * (z0 * z0 + z1 * z1);
                Assert.That(all[3][m], Is.EqualTo(a).Within(Tolerances.PolicyAction * (1 - a)));
                Assert.That(all[4][m], Is.EqualTo(all[0][m] + a).Within(Tolerances.PolicyAction * (1 - a)));
            }
            var mu = new float[2];
            population.Act(1, x.AsSpan(0, 4), mu);
            Assert.That(all[1][..2], Is.EqualTo(mu).Within(Tolerances.PolicyAction));
            results.Add(all);
        }
        for (int i = 0; i < 5; i++) Assert.That(results[0][i], Is.EqualTo(results[1][i]).Within(Tolerances.PolicyAction * 10), $"output {i}");
        Assert.That(() => gpu.Evaluate(1, x, u, [], [], [], [], []), Throws.ArgumentException.With.Message.Contains("v has 0 entries"));

        float[] Drawn(int row, uint lane) =>
            [.. Enumerable.Range(0, row * samples).Select(i => (float)Math.Tanh(Philox.Normal(3, RandomStream.Reset, (ulong)i, lane)))];
    }

    [Test]
    public void A_population_that_does_not_fit_frees_what_it_has()
    {
        long host = HostBuffer.LiveBuffers;
        Assert.That(() => new NafPopulation(Device, Shape(443, 2, "20", ""), [], 16, 1000, [Settings(1)], imaginedCapacity: 1 << 30),
            Throws.TypeOf<DeviceMemoryException>());
        Assert.That((Device.LiveBuffers, HostBuffer.LiveBuffers), Is.EqualTo((0, host)));
    }

    [Test]
    public void A_learner_that_leaves_the_finite_numbers_stops_alone()
    {
        using NafPopulation population = Population([1, 2]);
        float[] huge = [1e30f, 1e30f, 1e30f, 1e30f];
        for (int i = 0; i < 400; i++) population.Store(0, huge, [0, 0], 1e30f, huge, false);
        population.Update(1);
        population.Update(3);
        LearnerReport first = population.TakeReport(0), second = population.TakeReport(1);
        Assert.That((first.Finite, first.Updates, second.Finite, second.Updates), Is.EqualTo((false, 0, true, 4)));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Has.All.Matches<float>(float.IsFinite));
    }

    // without the host: all updates of a call are on their way before it hears of the first
    [TestCase(true)]
    [TestCase(false)]
    public void A_learner_that_stopped_makes_no_further_update_of_the_call(bool together)
    {
        using var cpu = new CpuDevice(1);
        PlanLaunch launch = together && Device.Limits.Cooperative ? PlanLaunch.Together : PlanLaunch.ByPhase;
        var plan = new LaunchPlan(Math.Min(64, Device.Limits.GroupThreads), 4, 4, 3, launch);
        // a seed whose first minibatch has row 0 and whose next three have not
        ulong seed = Enumerable.Range(0, 1000).Select(s => (ulong)s)
            .First(s => Draws(s, 0) && !Draws(s, 1) && !Draws(s, 2) && !Draws(s, 3));
        foreach (Device device in (Device[])[Device, cpu])
        {
            using var population = new NafPopulation(
                device, Shape(4, 2, "20", ""), [], 16, 1000, [Settings(seed)], 0, device == cpu ? null : plan);
            float[] huge = [1e30f, 1e30f, 1e30f, 1e30f], born = population.LearnerAt(0).Parameters.Span.ToArray();
            population.Store(0, huge, [0, 0], 1e30f, huge, false);
            UpdateCheck.Fill(population, 0, 99, 7);
            population.Update(4);
            LearnerReport report = population.TakeReport(0);
            Assert.That((report.Finite, report.Updates), Is.EqualTo((false, 0)), device.Info.Name);
            Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(born), device.Info.Name);
        }

        static bool Draws(ulong seed, ulong update) => Enumerable.Range(0, 16).Any(m =>
        {
            PhiloxBlock words = Philox.At(seed, RandomStream.Minibatch, update, (uint)m >> 2);
            return Philox.Index((m & 3) switch { 0 => words.A, 1 => words.B, 2 => words.C, _ => words.D }, 100) == 0;
        });
    }

    [Test]
    public void A_replay_grows_and_overwrites_its_oldest_rows()
    {
        using var cpu = new CpuDevice(1);
        double[] losses = [.. new[] { Device, (Device)cpu }.Select(device =>
        {
            using var population = new NafPopulation(device, Shape(2, 1, "16", ""), [], 8, 5000, [Settings(1)]);
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

    private static LearnerSettings Settings(ulong seed) => new() { Seed = seed, Gamma = 0.9f };

    private static NafShape Shape(int state, int action, string hidden, string kind) =>
        new(state, action, [.. hidden.Split(',').Select(int.Parse)], kind.Contains("trunk"), kind.Contains("norm"));

    private static float[] Scale(int state) => [.. Enumerable.Range(0, state).Select(i => 0.5f + 0.1f * (i % 7))];

    private NafPopulation Population(
        ulong[] fills, LaunchPlan? plan = null, Device? device = null, bool filled = true, ulong[]? seeds = null, string kind = "")
    {
        var population = new NafPopulation(
            device ?? Device, Shape(4, 2, "20,33", kind), [], 16, 1000, [.. (seeds ?? fills).Select(Settings)], 0, plan);
        for (int k = 0; filled && k < fills.Length; k++) UpdateCheck.Fill(population, k, 100, fills[k]);
        return population;
    }

    // the largest between the parameters of two populations' first learners
    private static double Difference(NafPopulation one, NafPopulation other)
    {
        float[] first = one.LearnerAt(0).Parameters.Span.ToArray(), second = other.LearnerAt(0).Parameters.Span.ToArray();
        return first.Zip(second).Max(p => Math.Abs(p.First - p.Second));
    }

    private static byte[] State(NafPopulation population)
    {
        using var stream = new MemoryStream();
        population.Save(stream);
        return stream.ToArray();
    }
}
