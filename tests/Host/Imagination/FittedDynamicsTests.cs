using Naf.Gpu;
using Naf.Host;
using Naf.Kernels;
using Naf.Sim;
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
            Assert.That(good.One, Is.InRange(0, 0.2), "a fifth of a standard deviation");
            Assert.That(good.Many, Is.InRange(good.One, 0.7));
            Assert.That(none.One, Is.GreaterThan(2 * good.One), "five episodes alone do not determine the model");
            Assert.That(shifted.One, Is.GreaterThan(good.One), "the dynamics of another phase");
        }
    }

    [Test]
    public void Over_observations_they_predict_worse()
    {
        ModelError ofStates = Error(new ImaginationSettings()), ofObservations = Error(new ImaginationSettings
        {
            Coordinates = DynamicsCoordinates.Observation,
        });
        Assert.That(ofObservations.Many, Is.GreaterThan(ofStates.Many));
    }

    [Test]
    public void Each_start_has_a_model_of_its_own()
    {
        // two places of start; from each another linear system s′ = a s + b u, which a model of both can't be
        var settings = new ImaginationSettings { InitialStates = 2, Prior = DynamicsPrior.Gaussian, PriorStrength = 0.01, RefitEpisodes = 20 };
        EpisodeMemory memory = Linear(settings, episodes: 40);
        EpisodeRecord unseen = Linear(settings, episodes: 2, first: 50).Newest;
        using var two = new FittedDynamics(_device, _space, Steps, settings, 1, false, _device.Team);
        Assert.That(two.Refit(memory), Is.True);
        int[] models = [.. memory.Recent.Select(two.ModelOf)];
        IEnumerable<int> even = models.Where((_, i) => i % 2 == 0), odd = models.Where((_, i) => i % 2 == 1);
        Assert.That(even.Distinct().Concat(odd.Distinct()), Is.EquivalentTo(new[] { 0, 1 }));
        Assert.That(two.ErrorOn(unseen)!.Value.One, Is.LessThan(0.02));

        using var one = new FittedDynamics(_device, _space, Steps, settings with { InitialStates = 1 }, 1, false, _device.Team);
        one.Refit(memory);
        Assert.That(one.ErrorOn(unseen)!.Value.One, Is.GreaterThan(5 * two.ErrorOn(unseen)!.Value.One));

        // a cluster keeps its number when the oldest episode has made room and another start is the first
        EpisodeMemory slid = Linear(settings, episodes: 39, first: 1);
        Assert.That(two.Refit(slid), Is.True);
        Assert.That(slid.Recent.Select(two.ModelOf), Is.EqualTo(models.Skip(1)));

        // what was saved chooses and predicts the same
        using var stream = new MemoryStream();
        two.Save(new BinaryWriter(stream));
        stream.Position = 0;
        using var loaded = new FittedDynamics(_device, _space, Steps, settings, 1, false, _device.Team);
        loaded.Load(new BinaryReader(stream));
        Assert.That(loaded.ErrorOn(unseen), Is.EqualTo(two.ErrorOn(unseen)));
        Assert.That(memory.Recent.Select(loaded.ModelOf), Is.EqualTo(models));
        Assert.That((loaded.Low, loaded.High), Is.EqualTo((two.Low, two.High)));
    }

    [Test]
    public void A_model_of_an_episode_passes_through_it_and_knows_what_else_would_have_happened()
    {
        // a kick at another time step in each episode, as a contact: a model of all spreads it over all, one of an episode keeps it in its place
        var batch = new ImaginationSettings { RefitEpisodes = 4, PriorEpisodes = 20 };
        ImaginationSettings episode = batch with { Around = DynamicsAround.Episode };
        EpisodeMemory memory = Kicked(batch, 20);
        using var ofBatch = new FittedDynamics(_device, _space, Steps, batch, 1, false, _device.Team);
        using var ofEpisodes = new FittedDynamics(_device, _space, Steps, episode, 1, false, _device.Team);
        Assert.That((ofBatch.Refit(memory), ofEpisodes.Refit(memory), ofBatch.Models, ofEpisodes.Models), Is.EqualTo((true, true, 1, 4)));
        EpisodeRecord[] b = [.. memory.Batch];
        Assert.That(Enumerable.Range(0, 4).Select(i => ofEpisodes.ModelAt(b[i], i)), Is.EqualTo(new[] { 0, 1, 2, 3 }));

        Assert.That(ofEpisodes.ErrorOn(memory.Newest)!.Value.Many, Is.LessThan(1e-5), "the episode itself");
        Assert.That(ofBatch.ErrorOn(memory.Newest)!.Value.Many, Is.GreaterThan(0.05));
        // rollouts start in B_old: there each episode keeps its own model
        memory.Rotate();
        Assert.That(Enumerable.Range(0, 4).Select(i => memory.Old(i)), Is.EqualTo(b));
        // the newest episode again, by other actions
        EpisodeRecord twin = Kick(19, actions: 77);
        Assert.That(ofEpisodes.ErrorOn(twin)!.Value.One, Is.LessThan(0.5 * ofBatch.ErrorOn(twin)!.Value.One));

        using var stream = new MemoryStream();
        ofEpisodes.Save(new BinaryWriter(stream));
        stream.Position = 0;
        using var loaded = new FittedDynamics(_device, _space, Steps, episode, 1, false, _device.Team);
        loaded.Load(new BinaryReader(stream));
        Assert.That(loaded.Packed, Is.EqualTo(ofEpisodes.Packed));

        // episodes that can't be fitted have no model, and the last ones are not theirs
        Assert.That(ofEpisodes.Refit(Linear(episode, episodes: 4, scale: 1e200)), Is.False);
        Assert.That(ofEpisodes.Ready, Is.False);
    }

    [Test]
    public void A_fit_that_is_not_finite_leaves_the_last_one()
    {
        var settings = new ImaginationSettings { RefitEpisodes = 2, PriorEpisodes = 2 };
        using var dynamics = new FittedDynamics(_device, _space, Steps, settings, 1, false, _device.Team);
        EpisodeMemory memory = Linear(settings, episodes: 2);
        Assert.That(dynamics.Refit(memory), Is.True);
        float[] before = [.. dynamics.Packed];
        EpisodeMemory huge = Linear(settings, episodes: 2, scale: 1e200);
        Assert.That(dynamics.Refit(huge), Is.False);
        Assert.That(dynamics.Packed, Is.EqualTo(before));
        Assert.That(dynamics.ErrorOn(memory.Newest)!.Value.IsFinite, Is.True);
    }

    private const int Steps = 12;

    // random play of a few episodes, and the error on another
    private ModelError Error(ImaginationSettings settings)
    {
        DynamicsSpace space = DynamicsSpace.Of(_task, settings.Coordinates);
        EpisodeMemory memory = Played(space, settings, 1, 5), unseen = Played(space, settings, 9, 1);
        using var dynamics = new FittedDynamics(_device, space, _task.Horizon, settings, 1, false, _device.Team);
        Assert.That(dynamics.ErrorOn(unseen.Newest), Is.Null, "nothing is fitted yet");
        Assert.That(dynamics.Refit(memory), Is.True);
        return dynamics.ErrorOn(unseen.Newest)!.Value;
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
