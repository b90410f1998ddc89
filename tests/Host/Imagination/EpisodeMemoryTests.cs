using Naf.Host.Imagination;
using Naf.Host.Settings;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>B, B_old and the recent episodes.</summary>
internal sealed class EpisodeMemoryTests
{
    private ControlTask _task = null!;
    private DynamicsSpace _space = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _task = ControlTask.Load("reacher");
        _space = DynamicsSpace.Of(_task, DynamicsCoordinates.State);
    }

    [OneTimeTearDown]
    public void Free() => _task.Dispose();

    [Test]
    public void Samples_are_the_states_and_actions_that_were_met()
    {
        EpisodeMemory memory = Played(
            1, new EpisodeMemory(_space, 0, 2, 4), out List<double[]> states, out List<double[]> actions);
        double[] samples = memory.Newest.Samples();
        int size = 2 * _space.Size + _space.Action;
        Assert.That(samples, Has.Length.EqualTo(_task.Horizon * size));
        for (int t = 0; t < _task.Horizon; t++)
            Assert.That(samples[(t * size)..((t + 1) * size)],
                Is.EqualTo((double[])[.. states[t], .. actions[t], .. states[t + 1]]), $"step {t}");
        Assert.That(memory.Newest.Constants, Has.Length.EqualTo(2), "the target");
    }

    [Test]
    public void B_fills_becomes_B_old_and_the_oldest_make_room()
    {
        var memory = new EpisodeMemory(_space, 0, 2, 4);
        var filled = new List<(int Filled, int Old, int Kept)>();
        for (int episode = 1; episode <= 7; episode++)
        {
            Played(episode, memory, out _, out _);
            if (memory.IsFull)
            {
                EpisodeRecord[] batch = [.. memory.Batch];
                memory.Rotate();
                Assert.That((EpisodeRecord[])[memory.Old(0), memory.Old(1)], Is.EqualTo(batch));
            }
            filled.Add((memory.Filled, memory.OldCount, memory.Recent.Count));
        }
        Assert.That(filled,
            Is.EqualTo(new[] { (1, 0, 1), (0, 2, 2), (1, 2, 3), (0, 2, 4), (1, 2, 4), (0, 2, 4), (1, 2, 4) }));
    }

    [Test]
    public void Saved_amid_an_episode_it_goes_on_the_same()
    {
        using var environment = new ControlEnvironment(_task);
        var (one, two) = (new EpisodeMemory(_space, environment.StateSize, 2, 4),
            new EpisodeMemory(_space, environment.StateSize, 2, 4));
        Played(1, one, out _, out _);
        environment.Reset(1, RandomStream.Reset, 2);
        one.Begin(environment, planned: true);
        var u = new float[_task.ActionSize];
        double[] action = new double[u.Length];
        for (int t = 0; t < 10; t++) one.Add(u, environment.Step(action), environment);
        two.Serialise(Saved.By(one.Serialise));
        while (!environment.Done)
        {
            StepResult result = environment.Step(action);
            one.Add(u, result, environment);
            two.Add(u, result, environment);
        }
        Assert.That(two.Recent.Select(e => e.Samples()), Is.EqualTo(one.Recent.Select(e => e.Samples())));
        Assert.That((two.IsFull, two.Newest.Planned, two.Newest.Length), Is.EqualTo((true, true, _task.Horizon)));
        Assert.That(two.Newest.Saved(149).ToArray(), Is.EqualTo(one.Newest.Saved(149).ToArray()));
    }

    [Test]
    public void A_stream_of_something_else_is_refused()
    {
        EpisodeMemory memory = Played(1, new EpisodeMemory(_space, 0, 2, 4), out _, out _);
        using ControlTask cartpole = ControlTask.Load("cartpole");
        var other = new EpisodeMemory(DynamicsSpace.Of(cartpole, DynamicsCoordinates.State), 0, 2, 4);
        Assert.That(() => other.Serialise(Saved.By(memory.Serialise)), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Observations_are_read_back_from_their_own_space()
    {
        DynamicsSpace space = DynamicsSpace.Of(_task, DynamicsCoordinates.Observation);
        Assert.That(space.Size, Is.EqualTo(2 * _task.ObservationSize));
        using var environment = new ControlEnvironment(_task);
        environment.Reset(3, RandomStream.Reset, 1);
        environment.Step(new double[_task.ActionSize]);
        double[] s = new double[space.Size], x = new double[_task.ObservationSize];
        space.StateOf(environment, s);
        new ObservationFunction<double>(space.Observation).Evaluate(s.AsSpan(0, x.Length), s.AsSpan(x.Length), [], x);
        Assert.That(x, Is.EqualTo(environment.Observation.ToArray()));
    }

    private EpisodeMemory Played(int episode, EpisodeMemory memory, out List<double[]> states,
        out List<double[]> actions)
    {
        (states, actions) = ([], []);
        using var environment = new ControlEnvironment(_task);
        environment.Reset(1, RandomStream.Reset, (ulong)episode);
        memory.Begin(environment, planned: false);
        states.Add([.. environment.Qpos, .. environment.Qvel]);
        for (int t = 0; !environment.Done; t++)
        {
            double[] u = [.. Episodes.RandomAction(_task.ActionSize, (ulong)episode, t).Select(v => (double)(float)v)];
            memory.Add([.. u.Select(v => (float)v)], environment.Step(u), environment);
            actions.Add(u);
            states.Add([.. environment.Qpos, .. environment.Qvel]);
        }
        return memory;
    }
}
