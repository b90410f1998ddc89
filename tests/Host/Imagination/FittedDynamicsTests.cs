using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Imagination;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A learner's dynamics: what they predict of an episode that they have not seen, of which start, and what they refuse.</summary>
public sealed class FittedDynamicsTests
{
    private CpuDevice _device = null!;
    private ControlTask _task = null!;
    private DynamicsSpace _space = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _device = new CpuDevice(1);
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
        ModelError mixture = Error(new ImaginationSettings()), gaussian = Error(new ImaginationSettings { Prior = DynamicsPrior.Gaussian });
        ModelError none = Error(new ImaginationSettings { Prior = DynamicsPrior.None });
        ModelError shifted = Error(new ImaginationSettings { ShiftedTime = true });
        foreach (ModelError good in (ModelError[])[mixture, gaussian])
        {
            Assert.That(good.OneStep, Is.InRange(0, 0.2), "a fifth of a standard deviation");
            Assert.That(good.MultiStep, Is.InRange(good.OneStep, 0.7));
            Assert.That(none.OneStep, Is.GreaterThan(2 * good.OneStep), "five episodes alone do not determine the model");
            Assert.That(shifted.OneStep, Is.GreaterThan(good.OneStep), "the dynamics of another phase");
        }
    }

    [Test]
    public void Over_observations_they_predict_worse()
    {
        ModelError ofStates = Error(new ImaginationSettings()), ofObservations = Error(new ImaginationSettings
        {
            Coordinates = DynamicsCoordinates.Observation,
        });
        Assert.That(ofObservations.MultiStep, Is.GreaterThan(ofStates.MultiStep));
    }

    [Test]
    public void Each_start_has_a_model_of_its_own()
    {
        // two places of start; from each another linear system s′ = a s + b u, which a model of both can't be
        var settings = new ImaginationSettings { InitialStates = 2, Prior = DynamicsPrior.Gaussian, PriorStrength = 0.01, RefitEpisodes = 20 };
        EpisodeMemory memory = Linear(settings, episodes: 40);
        EpisodeRecord unseen = Linear(settings, episodes: 2, first: 50).Newest;
        using var two = new OneLearner(_device, _space, Steps, settings);
        Assert.That(two.Refit(memory), Is.True);
        int[] models = [.. memory.Recent.Select(two.Dynamics.ModelOf)];
        IEnumerable<int> even = models.Where((_, i) => i % 2 == 0), odd = models.Where((_, i) => i % 2 == 1);
        Assert.That(even.Distinct().Concat(odd.Distinct()), Is.EquivalentTo(new[] { 0, 1 }));
        Assert.That(two.Dynamics.ErrorOn(unseen)!.Value.OneStep, Is.LessThan(0.02));

        using var one = new OneLearner(_device, _space, Steps, settings with { InitialStates = 1 });
        one.Refit(memory);
        Assert.That(one.Dynamics.ErrorOn(unseen)!.Value.OneStep, Is.GreaterThan(5 * two.Dynamics.ErrorOn(unseen)!.Value.OneStep));

        // a cluster keeps its number when the oldest episode has made room and another start is the first
        EpisodeMemory slid = Linear(settings, episodes: 39, first: 1);
        Assert.That(two.Refit(slid), Is.True);
        Assert.That(slid.Recent.Select(two.Dynamics.ModelOf), Is.EqualTo(models.Skip(1)));

        // what was saved chooses and predicts the same
        using var stream = new MemoryStream();
        two.Dynamics.Save(new BinaryWriter(stream));
        stream.Position = 0;
        using var loaded = new OneLearner(_device, _space, Steps, settings);
        loaded.Dynamics.Load(new BinaryReader(stream));
        Assert.That(loaded.Dynamics.ErrorOn(unseen), Is.EqualTo(two.Dynamics.ErrorOn(unseen)));
        Assert.That(memory.Recent.Select(loaded.Dynamics.ModelOf), Is.EqualTo(models));
        Assert.That((loaded.Dynamics.Range.Low, loaded.Dynamics.Range.High), Is.EqualTo((two.Dynamics.Range.Low, two.Dynamics.Range.High)));
    }

    [Test]
    public void A_model_of_an_episode_passes_through_it_and_knows_what_else_would_have_happened()
    {
        // a kick at another time step in each episode, as a contact: a model of all spreads it over all, one of an episode keeps it in its place
        var batch = new ImaginationSettings { RefitEpisodes = 4, PriorEpisodes = 20 };
        ImaginationSettings episode = batch with { Around = LinearisationPoint.Episode };
        EpisodeMemory memory = Kicked(batch, 20);
        using var ofBatch = new OneLearner(_device, _space, Steps, batch);
        using var ofEpisodes = new OneLearner(_device, _space, Steps, episode);
        Assert.That((ofBatch.Refit(memory), ofEpisodes.Refit(memory)), Is.EqualTo((true, true)));
        Assert.That((ofBatch.Dynamics.Models, ofEpisodes.Dynamics.Models), Is.EqualTo((1, 4)));
        EpisodeRecord[] b = [.. memory.Batch];
        Assert.That(Enumerable.Range(0, 4).Select(i => ofEpisodes.Dynamics.ModelAt(b[i], i)), Is.EqualTo(new[] { 0, 1, 2, 3 }));

        Assert.That(ofEpisodes.Dynamics.ErrorOn(memory.Newest)!.Value.MultiStep, Is.LessThan(1e-5), "the episode itself");
        Assert.That(ofBatch.Dynamics.ErrorOn(memory.Newest)!.Value.MultiStep, Is.GreaterThan(0.05));
        // rollouts start in B_old: there each episode keeps its own model
        memory.Rotate();
        Assert.That(Enumerable.Range(0, 4).Select(i => memory.Old(i)), Is.EqualTo(b));
        // the newest episode again, by other actions
        EpisodeRecord twin = Kick(19, actions: 77);
        Assert.That(ofEpisodes.Dynamics.ErrorOn(twin)!.Value.OneStep, Is.LessThan(0.5 * ofBatch.Dynamics.ErrorOn(twin)!.Value.OneStep));

        using var stream = new MemoryStream();
        ofEpisodes.Dynamics.Save(new BinaryWriter(stream));
        stream.Position = 0;
        using var loaded = new OneLearner(_device, _space, Steps, episode);
        loaded.Dynamics.Load(new BinaryReader(stream));
        Assert.That(loaded.Packed, Is.EqualTo(ofEpisodes.Packed));

        // episodes that can't be fitted have no model, and the last ones are not theirs
        Assert.That(ofEpisodes.Refit(Linear(episode, episodes: 4, scale: 1e200)), Is.False);
        Assert.That(ofEpisodes.Dynamics.Ready, Is.False);
    }

    [Test]
    public void A_fit_that_is_not_finite_leaves_the_last_one()
    {
        var settings = new ImaginationSettings { RefitEpisodes = 2, PriorEpisodes = 2 };
        using var dynamics = new OneLearner(_device, _space, Steps, settings);
        EpisodeMemory memory = Linear(settings, episodes: 2);
        Assert.That(dynamics.Refit(memory), Is.True);
        float[] before = dynamics.Packed;
        EpisodeMemory huge = Linear(settings, episodes: 2, scale: 1e200);
        Assert.That(dynamics.Refit(huge), Is.False);
        Assert.That(dynamics.Packed, Is.EqualTo(before));
        Assert.That(dynamics.Dynamics.ErrorOn(memory.Newest)!.Value.IsFinite, Is.True);
    }

    [Test]
    public void Learners_that_are_due_together_learn_what_each_learns_alone_bitwise(
        [Values("cpu", GpuDevices.Pocl, GpuDevices.Emulated)] string where, [Values] LinearisationPoint around, [Values] DynamicsPrior prior)
    {
        Device device = where == "cpu" ? _device : GpuDevices.Shared(where);
        var settings = new ImaginationSettings { RefitEpisodes = 3, PriorEpisodes = 3, Around = around, Prior = prior };
        EpisodeMemory[] memories = [.. Enumerable.Range(0, 3).Select(k => Linear(settings, episodes: 3, first: 3 * k))];
        using (PopulationDynamics population = Population(1, 2, 3))
        {
            Assert.That(population.Refit([new Refitting(2, memories[2]), new Refitting(0, memories[0])]), Is.All.Null);
            Assert.That(Enumerable.Range(0, 3).Select(k => population[k].Ready), Is.EqualTo(new[] { true, false, true }));
            foreach (int k in (int[])[0, 2])
            {
                using PopulationDynamics alone = Population((ulong)k + 1);
                Assert.That(alone.Refit([new Refitting(0, memories[k])]), Is.All.Null);
                Assert.That(All(population[k]), Is.EqualTo(All(alone[0])).And.All.Not.NaN);
            }

            // episodes that can't be fitted are one learner's own problem
            float[] before = All(population[2]);
            string?[] problems = population.Refit(
                [new Refitting(1, memories[1]), new Refitting(2, Linear(settings, episodes: 3, scale: 1e200)), new Refitting(0, memories[0])]);
            Assert.That(problems.Select(p => p is null), Is.EqualTo(new[] { true, false, true }));
            Assert.That((population[1].Ready, population[2].Ready), Is.EqualTo((true, around != LinearisationPoint.Episode)));
            Assert.That(All(population[2]), Is.EqualTo(before));

            using var stream = new MemoryStream();
            population.Save(new BinaryWriter(stream));
            stream.Position = 0;
            using PopulationDynamics loaded = Population(1, 2, 3);
            loaded.Load(new BinaryReader(stream));
            foreach (int k in (int[])[0, 1]) Assert.That(All(loaded[k]), Is.EqualTo(All(population[k])));
        }
        if (device is GpuDevice gpu) Assert.That(gpu.LiveBuffers, Is.Zero);

        PopulationDynamics Population(params ulong[] seeds) => new(device, _space, Steps, settings, seeds, false, _device.Team);

        static float[] All(FittedDynamics dynamics) => dynamics.Packed(0, dynamics.Models);
    }

    // the dynamics of a population of one
    private sealed class OneLearner(Device device, DynamicsSpace space, int horizon, ImaginationSettings settings) : IDisposable
    {
        private readonly PopulationDynamics _population = new(device, space, horizon, settings, [1], false, ((CpuDevice)device).Team);

        public FittedDynamics Dynamics => _population[0];

        public float[] Packed => Dynamics.Packed(0, Dynamics.Models);

        public bool Refit(EpisodeMemory memory) => _population.Refit([new Refitting(0, memory)])[0] is null;

        public void Dispose() => _population.Dispose();
    }

    private const int Steps = 12;

    // random play of a few episodes, and the error on another
    private ModelError Error(ImaginationSettings settings)
    {
        DynamicsSpace space = DynamicsSpace.Of(_task, settings.Coordinates);
        EpisodeMemory memory = Played(space, settings, 1, 5), unseen = Played(space, settings, 9, 1);
        using var dynamics = new OneLearner(_device, space, _task.Horizon, settings);
        Assert.That(dynamics.Dynamics.ErrorOn(unseen.Newest), Is.Null, "nothing is fitted yet");
        Assert.That(dynamics.Refit(memory), Is.True);
        return dynamics.Dynamics.ErrorOn(unseen.Newest)!.Value;
    }

    private EpisodeMemory Played(DynamicsSpace space, ImaginationSettings settings, int first, int episodes)
    {
        var memory = new EpisodeMemory(space, 0, settings.RefitEpisodes, settings.PriorEpisodes);
        using var environment = new ControlEnvironment(_task);
        for (int episode = first; episode < first + episodes; episode++)
        {
            environment.Reset(1, RandomStream.Reset, (ulong)episode);
            memory.Begin(environment, planned: false);
            // the same slow wave in every episode, and some noise
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

    // episodes of s′ = a s + b u with a = 0.9 from starts about 1, and a = 0.5 from starts about −1, in turns
    private EpisodeMemory Linear(ImaginationSettings settings, int episodes, int first = 0, double scale = 1)
    {
        var memory = new EpisodeMemory(_space, 0, settings.RefitEpisodes, 2 * episodes);
        for (int e = first; e < first + episodes; e++)
        {
            double[] s = [.. Enumerable.Range(0, _space.Size).Select(i => scale * ((e % 2 == 0 ? 1 : -1) + 0.05 * Noise(e, 0, i)))];
            var record = new EpisodeRecord(_space.Size, _space.Action, 0);
            record.Begin(s, [], planned: false);
            for (int t = 0; t < Steps; t++)
            {
                double[] u = [.. Enumerable.Range(0, _space.Action).Select(i => 0.3 * Noise(e, t + 1, i))];
                s = [.. s.Select((v, i) => (e % 2 == 0 ? 0.9 : 0.5) * v + scale * (e % 2 == 0 ? 0.2 : -0.4) * u[i % u.Length])];
                record.Add(u, 0, s);
            }
            memory.Add(record);
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

    // s′ = 0.9 s + 0.2 u, and 1 more at one time step of the episode
    private EpisodeRecord Kick(int episode, int actions)
    {
        int kick = (int)(Steps * Philox.Uniform(3, RandomStream.RandomPolicy, (ulong)episode, 0));
        double[] s = [.. Enumerable.Range(0, _space.Size).Select(i => 0.05 * Noise(episode, 0, i))];
        var record = new EpisodeRecord(_space.Size, _space.Action, 0);
        record.Begin(s, [], planned: false);
        for (int t = 0; t < Steps; t++)
        {
            double[] u = [.. Enumerable.Range(0, _space.Action).Select(i => 0.3 * Noise(actions, t + 1, i))];
            s = [.. s.Select((v, i) => 0.9 * v + 0.2 * u[i % u.Length] + (t == kick ? 1 : 0))];
            record.Add(u, 0, s);
        }
        return record;
    }

    private static double Noise(int episode, int step, int entry) =>
        Philox.Normal(7, RandomStream.RandomPolicy, (ulong)(1000 * episode + step), (uint)entry);
}
