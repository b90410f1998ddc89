using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using static Naf.Tests.NafUpdateTests;

namespace Naf.Tests;

/// <summary>The launch plans of an update on a GPU device.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal sealed class LaunchTests(string name) : GpuFixture(name)
{
    private int Threads => Math.Min(64, Device.Limits.GroupThreads);

    // any number of threads, and more rows than there are samples
    [TestCase(1, 1, 1, 3, "")]
    [TestCase(3, 4, 2, 7, "")]
    [TestCase(4, 4, 4, 5, "")]
    [TestCase(64, 32, 8, 2, "")]
    [TestCase(64, 2, 1, 3, "layer")]
    [TestCase(32, 8, 4, 2, "layer")]
    [TestCase(64, 4, 4, 3, "twin")]
    public void Every_plan_agrees_with_the_reference(int threads, int rows, int rowsPerThread, int parts, string kind)
    {
        threads = Math.Min(threads, Device.Limits.GroupThreads);
        var plan = new LaunchPlan(threads, rows, rowsPerThread, parts, PlanLaunch.ByPhase);
        var settings = new LearnerSettings { Seed = 3, Gamma = 0.9f, ClipNorm = 0.5f };
        KernelError[] errors = UpdateCheck.Run(
            Device, Shape(9, 3, "40,24", kind), settings, batch: 23, updates: 2, Scale(9), plan);
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    // groups that wait for each other, only on devices that run them concurrently
    [TestCase("")]
    [TestCase("batch")]
    [TestCase("layer")]
    [TestCase("twin")]
    public void Every_kind_of_launch_gives_the_same_bits(string kind)
    {
        var plan = new LaunchPlan(Threads, kind == "" ? 4 : 16, 4, 1, PlanLaunch.Together);
        LaunchPlan byPhase = plan with { Launch = PlanLaunch.ByPhase };
        LaunchPlan[] plans = [byPhase, byPhase with { Parts = 3 }, plan, plan with { Parts = 2 }];
        byte[][] states = [.. plans[..(Device.Limits.Cooperative ? 4 : 2)].Select(p =>
        {
            using LearnerPopulation population = Population(Device, [1, 2], kind: kind, plan: p);
            population.Gpu!.Poison();
            population.Update(3);
            Assert.That(population.Gpu.LaunchPlan, Is.EqualTo(p));
            return Saved.Bytes(population.Serialise);
        })];
        Assert.That(states, Has.All.EqualTo(states[0]));
    }

    [Test]
    public void Learners_do_not_disturb_each_other_and_repeat_bitwise()
    {
        var plan = new LaunchPlan(Threads, 4, 4, 2, PlanLaunch.ByPhase);
        using LearnerPopulation three = Updated(5, 6, 7), again = Updated(5, 6, 7), one = Updated(6);
        Assert.That(Saved.Bytes(again.Serialise), Is.EqualTo(Saved.Bytes(three.Serialise)));
        float[] alone = one.LearnerAt(0).Parameters.Span.ToArray();
        Assert.That(three.LearnerAt(1).Parameters.Span.ToArray(), Is.EqualTo(alone));
        Assert.That(one.TakeReport(0), Is.EqualTo(three.TakeReport(1)));

        LearnerPopulation Updated(params ulong[] seeds)
        {
            LearnerPopulation population = Population(Device, seeds, plan: plan);
            population.Update(4);
            return population;
        }
    }

    // without the host: all updates of a call are queued before it waits for the first
    [TestCase(true)]
    [TestCase(false)]
    public void A_learner_that_stopped_makes_no_further_update_of_the_call(bool together)
    {
        PlanLaunch launch = together && Device.Limits.Cooperative ? PlanLaunch.Together : PlanLaunch.ByPhase;
        // a seed whose first minibatch contains row 0 and whose next three do not
        ulong seed = 0;
        while (!Draws(0) || Draws(1) || Draws(2) || Draws(3)) seed++;
        var plan = new LaunchPlan(Threads, 4, 4, 3, launch);
        using LearnerPopulation population = Population(Device, [seed], plan: plan, rows: 0);
        float[] huge = [1e30f, 1e30f, 1e30f, 1e30f], born = population.LearnerAt(0).Parameters.Span.ToArray();
        population.Store(0, huge, [0, 0], 1e30f, huge, false);
        UpdateCheck.Fill(population, 0, 99, 7);
        population.Update(4);
        LearnerReport report = population.TakeReport(0);
        Assert.That((report.Finite, report.Updates), Is.EqualTo((false, 0)));
        Assert.That(population.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(born));

        bool Draws(ulong update) => Enumerable.Range(0, 16).Any(m => RandomDraw.Row(seed, update, m, 100) == 0);
    }

    [Test]
    public void A_population_that_does_not_fit_frees_what_it_has() =>
        Assert.That(() => LearnerPopulation.Create(
            Device, Shape(443, 2, "20"), [], [new LearnerSettings { BatchSize = 16 }], imaginedCapacity: 1 << 30),
            Throws.TypeOf<DeviceMemoryException>());
}
