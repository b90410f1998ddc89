using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Imagination;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>A learner's dynamics: predictions for unseen episodes, choice of the start, and rejected data.</summary>
internal sealed class FittedDynamicsTests
{
    private readonly CpuDevice _device = new(1);
    private ControlTask _task = null!;
    private DynamicsSpace _space = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _task = ControlTask.Load("reacher-single");
        _space = DynamicsSpace.Of(_task, DynamicsCoordinates.State);
    }

    [OneTimeTearDown]
    public void Free()
    {
        _task.Dispose();
        _device.Dispose();
    }

    [Test]
    public void They_predict_an_episode_that_they_have_not_seen()
    {
        ModelError mixture = Error(new ImaginationSettings()),
            gaussian = Error(new ImaginationSettings { Prior = DynamicsPrior.Gaussian });
        ModelError none = Error(new ImaginationSettings { Prior = DynamicsPrior.None });
        ModelError shifted = Error(new ImaginationSettings { ShiftedTime = true });
        foreach (ModelError good in (ModelError[])[mixture, gaussian])
        {
            Assert.That(good.OneStep, Is.InRange(0, 0.2), "a fifth of a standard deviation");
            Assert.That(good.MultiStep, Is.InRange(good.OneStep, 0.7));
            Assert.That(none.OneStep, Is.GreaterThan(2 * good.OneStep),
                "five episodes alone do not determine the model");
            Assert.That(shifted.OneStep, Is.GreaterThan(good.OneStep), "the dynamics of another phase");
        }
        ModelError ofObservations = Error(new ImaginationSettings { Coordinates = DynamicsCoordinates.Observation });
        Assert.That(ofObservations.MultiStep, Is.GreaterThan(mixture.MultiStep), "states predict better");
    }

    [Test]
    public void Each_start_has_a_model_of_its_own()
    {
        // two start regions, each with its own linear system s′ = a s + b u, which one model cannot represent
        var settings = new ImaginationSettings
        {
            InitialStates = 2, Prior = DynamicsPrior.Gaussian, PriorStrength = 0.01, RefitEpisodes = 20,
        };
        EpisodeMemory memory = Linear(settings, episodes: 40);
        EpisodeRecord unseen = Linear(settings, episodes: 2, first: 50).Newest;
        using PopulationDynamics<BatchDynamics> two = Population(settings);
        Assert.That(Refit(two, memory), Is.True);
        int[] models = [.. memory.Recent.Select(two[0].ModelOf)];
        IEnumerable<int> even = models.Where((_, i) => i % 2 == 0), odd = models.Where((_, i) => i % 2 == 1);
        Assert.That(even.Distinct().Concat(odd.Distinct()), Is.EquivalentTo(new[] { 0, 1 }));
        Assert.That(two[0].ErrorOn(unseen)!.Value.OneStep, Is.LessThan(0.02));

        using PopulationDynamics<BatchDynamics> one = Population(settings with { InitialStates = 1 });
        Refit(one, memory);
        Assert.That(one[0].ErrorOn(unseen)!.Value.OneStep, Is.GreaterThan(5 * two[0].ErrorOn(unseen)!.Value.OneStep));

        // a cluster keeps its number after the oldest episode is dropped and another start is first
        EpisodeMemory slid = Linear(settings, episodes: 39, first: 1);
        Assert.That(Refit(two, slid), Is.True);
        Assert.That(slid.Recent.Select(two[0].ModelOf), Is.EqualTo(models.Skip(1)));

        // the restored dynamics choose and predict the same
        using PopulationDynamics<BatchDynamics> loaded = Population(settings);
        loaded[0].Serialise(Saved.By(two[0].Serialise));
        Assert.That(loaded[0].ErrorOn(unseen), Is.EqualTo(two[0].ErrorOn(unseen)));
        Assert.That(memory.Recent.Select(loaded[0].ModelOf), Is.EqualTo(models));
        Assert.That(loaded[0].Range.Bounds, Is.EqualTo(two[0].Range.Bounds));
    }

    [Test]
    public void A_model_of_an_episode_passes_through_it_and_knows_what_else_would_have_happened()
    {
        // a kick at a different time step in each episode, like a contact: a joint model smears it over all steps, an
        // episode's own model keeps it in place
        var batch = new ImaginationSettings { RefitEpisodes = 4, PriorEpisodes = 20 };
        EpisodeMemory memory = Kicked(batch, 20);
        using PopulationDynamics<BatchDynamics> ofBatch = Population(batch);
        using PopulationDynamics<EpisodeDynamics> ofEpisodes = OfEpisodes(batch, _device, 1);
        Assert.That((Refit(ofBatch, memory), Refit(ofEpisodes, memory)), Is.EqualTo((true, true)));
        Assert.That((ofBatch[0].Models, ofEpisodes[0].Models), Is.EqualTo((1, 4)));
        EpisodeRecord[] b = [.. memory.Batch];
        Assert.That(b.Select(ofEpisodes[0].ModelAt), Is.EqualTo(new[] { 0, 1, 2, 3 }));

        Assert.That(ofEpisodes[0].ErrorOn(memory.Newest)!.Value.MultiStep, Is.LessThan(1e-5), "the episode itself");
        Assert.That(ofBatch[0].ErrorOn(memory.Newest)!.Value.MultiStep, Is.GreaterThan(0.05));
        // rollouts start in B_old, where each episode keeps its own model
        memory.Rotate();
        Assert.That(Enumerable.Range(0, 4).Select(i => memory.Old(i)), Is.EqualTo(b));
        // the newest episode again, with other actions
        EpisodeRecord twin = Kick(19, actions: 77);
        double error = ofEpisodes[0].ErrorOn(twin)!.Value.OneStep;
        Assert.That(error, Is.LessThan(0.5 * ofBatch[0].ErrorOn(twin)!.Value.OneStep));

        using PopulationDynamics<EpisodeDynamics> loaded = OfEpisodes(batch, _device, 1);
        loaded[0].Serialise(Saved.By(ofEpisodes[0].Serialise));
        Assert.That(All(loaded[0]), Is.EqualTo(All(ofEpisodes[0])));

        // episodes that cannot be fitted have no model, and do not get those of other episodes
        Assert.That(Refit(ofEpisodes, Linear(batch, episodes: 4, scale: 1e200)), Is.False);
        Assert.That(ofEpisodes[0].Ready, Is.False);
    }

    [Test]
    public void Learners_that_are_due_together_learn_what_each_learns_alone_bitwise(
        [Values("cpu", GpuDevices.Pocl, GpuDevices.Emulated)] string where, [Values] LinearisationPoint around,
        [Values] DynamicsPrior prior)
    {
        if (around == LinearisationPoint.Episode) Learn_alone_and_together(where, prior, OfEpisodes, staysReady: false);
        else Learn_alone_and_together(where, prior, Population, staysReady: true);
    }

    private void Learn_alone_and_together<T>(
        string where, DynamicsPrior prior, Func<ImaginationSettings, Device, ulong[], PopulationDynamics<T>> make,
        bool staysReady) where T : FittedDynamics
    {
        Device device = where == "cpu" ? _device : GpuDevices.Shared(where);
        var settings = new ImaginationSettings { RefitEpisodes = 3, PriorEpisodes = 3, Prior = prior };
        EpisodeMemory[] memories = [.. Enumerable.Range(0, 3).Select(k => Linear(settings, episodes: 3, first: 3 * k))];
        using (PopulationDynamics<T> population = make(settings, device, [1, 2, 3]))
        {
            Assert.That(population.Refit([(2, memories[2]), (0, memories[0])]), Is.All.Null);
            Assert.That(Enumerable.Range(0, 3).Select(k => population[k].Ready),
                Is.EqualTo(new[] { true, false, true }));
            foreach (int k in (int[])[0, 2])
            {
                using PopulationDynamics<T> alone = make(settings, device, [(ulong)k + 1]);
                Assert.That(alone.Refit([(0, memories[k])]), Is.All.Null);
                Assert.That(All(population[k]), Is.EqualTo(All(alone[0])).And.All.Not.NaN);
            }

            // episodes that cannot be fitted affect only their own learner
            float[] before = All(population[2]);
            string?[] problems = population.Refit(
                [(1, memories[1]), (2, Linear(settings, episodes: 3, scale: 1e200)), (0, memories[0])]);
            Assert.That(problems.Select(p => p is null), Is.EqualTo(new[] { true, false, true }));
            Assert.That((population[1].Ready, population[2].Ready), Is.EqualTo((true, staysReady)));
            Assert.That(All(population[2]), Is.EqualTo(before));
            Assert.That(population[2].ErrorOn(memories[2].Newest)?.MultiStep, Is.Null.Or.LessThan(double.MaxValue));

            using PopulationDynamics<T> loaded = make(settings, device, [1, 2, 3]);
            loaded.Serialise(Saved.By(population.Serialise));
            foreach (int k in (int[])[0, 1]) Assert.That(All(loaded[k]), Is.EqualTo(All(population[k])));
        }
        if (device is GpuDevice gpu) Assert.That(gpu.LiveBuffers, Is.Zero);
    }

    private const int Steps = 12;

    private PopulationDynamics<BatchDynamics> Population(ImaginationSettings settings) =>
        Population(settings, _device, 1);

    private PopulationDynamics<BatchDynamics> Population(
        ImaginationSettings settings, Device device, params ulong[] seeds) =>
        PopulationDynamics.OfBatches(device, _space, Steps, settings, seeds, false, _device.Team);

    private PopulationDynamics<EpisodeDynamics> OfEpisodes(
        ImaginationSettings settings, Device device, params ulong[] seeds) =>
        PopulationDynamics.OfEpisodes(device, _space, Steps, settings, seeds, _device.Team);

    private static bool Refit<T>(PopulationDynamics<T> one, EpisodeMemory memory) where T : FittedDynamics =>
        one.Refit([(0, memory)])[0] is null;

    private static float[] All(FittedDynamics dynamics) => dynamics.Packed(0, dynamics.Models);

    // random play of a few episodes, and the error on another one
    private ModelError Error(ImaginationSettings settings)
    {
        DynamicsSpace space = DynamicsSpace.Of(_task, settings.Coordinates);
        EpisodeMemory memory = Played(space, settings, 1, 5), unseen = Played(space, settings, 9, 1);
        using var dynamics =
            PopulationDynamics.OfBatches(_device, space, _task.Horizon, settings, [1], false, _device.Team);
        Assert.That(dynamics[0].ErrorOn(unseen.Newest), Is.Null, "nothing is fitted yet");
        Assert.That(Refit(dynamics, memory), Is.True);
        return dynamics[0].ErrorOn(unseen.Newest)!.Value;
    }

    private EpisodeMemory Played(DynamicsSpace space, ImaginationSettings settings, int first, int episodes)
    {
        var memory = new EpisodeMemory(space, 0, settings.RefitEpisodes, settings.PriorEpisodes);
        using var environment = new ControlEnvironment(_task);
        for (int episode = first; episode < first + episodes; episode++)
        {
            environment.Reset(1, RandomStream.Reset, (ulong)episode);
            memory.Begin(environment, planned: false);
            // the same slow wave in every episode, plus noise
            while (!environment.Done)
            {
                int t = environment.StepIndex;
                double[] noise = Episodes.RandomAction(_task.ActionSize, (ulong)episode, t);
                double[] u = [.. noise.Select((n, i) => (double)(float)(0.3 * Math.Sin(0.1 * t + i) + 0.2 * n))];
                memory.Add([.. u.Select(v => (float)v)], environment.Step(u), environment);
            }
        }
        return memory;
    }

    // alternating episodes of s′ = a s + b u: a = 0.9 from starts near 1, and a = 0.5 from starts near −1
    private EpisodeMemory Linear(ImaginationSettings settings, int episodes, int first = 0, double scale = 1)
    {
        var memory = new EpisodeMemory(_space, 0, settings.RefitEpisodes, 2 * episodes);
        for (int e = first; e < first + episodes; e++)
        {
            (double sign, double a, double b) = e % 2 == 0 ? (1, 0.9, 0.2) : (-1, 0.5, -0.4);
            memory.Add(Record(i => scale * (sign + 0.05 * Noise(e, 0, i)), e, (_, s, u) => a * s + scale * b * u));
        }
        return memory;
    }

    private EpisodeMemory Kicked(ImaginationSettings settings, int episodes)
    {
        var memory = new EpisodeMemory(_space, 0, settings.RefitEpisodes, settings.PriorEpisodes);
        for (int e = 0; e < episodes; e++)
        {
            memory.Add(Kick(e, e));
            if (memory.IsFull && e < episodes - 1) memory.Rotate();
        }
        return memory;
    }

    // s′ = 0.9 s + 0.2 u, plus 1 at one time step of the episode
    private EpisodeRecord Kick(int episode, int actions)
    {
        int kick = (int)(Steps * Philox.Uniform(3, RandomStream.RandomPolicy, (ulong)episode, 0));
        return Record(i => 0.05 * Noise(episode, 0, i), actions, (t, s, u) => 0.9 * s + 0.2 * u + (t == kick ? 1 : 0));
    }

    // an episode from s₀, each entry of which depends on itself and one entry of u per time step
    private EpisodeRecord Record(Func<int, double> start, int actions, Func<int, double, double, double> next)
    {
        var record = new EpisodeRecord(_space.Size, _space.Action, 0);
        double[] s = [.. Enumerable.Range(0, _space.Size).Select(start)];
        record.Begin(s, [], planned: false);
        for (int t = 0; t < Steps; t++)
        {
            double[] u = [.. Enumerable.Range(0, _space.Action).Select(i => 0.3 * Noise(actions, t + 1, i))];
            s = [.. s.Select((v, i) => next(t, v, u[i % u.Length]))];
            record.Add(u, 0, s);
        }
        return record;
    }

    private static double Noise(int episode, int step, int entry) =>
        Philox.Normal(7, RandomStream.RandomPolicy, (ulong)(1000 * episode + step), (uint)entry);
}
