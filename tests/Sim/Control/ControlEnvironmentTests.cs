using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The environment repeats itself bitwise, restores completely, allocates nothing, and says what failed.</summary>
public sealed class ControlEnvironmentTests : MujocoFixture
{
    private static readonly string[] Names = ["cartpole", "reacher", "reacher-single", "peg"];

    [TestCaseSource(nameof(Names))]
    public void Same_seed_gives_the_same_trajectory_on_one_thread_and_on_two(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        long[][] alone = new long[4][], together = new long[4][];
        using (var environment = new ControlEnvironment(task))
            for (int e = 0; e < 4; e++) alone[e] = Episodes.Trace(environment, 1, (ulong)e);

        // in other environments, in another order, two at a time
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(t => new Thread(() =>
        {
            using var environment = new ControlEnvironment(task);
            for (int e = 3 - t; e >= 0; e -= 2) together[e] = Episodes.Trace(environment, 1, (ulong)e);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        for (int e = 0; e < 4; e++) Assert.That(together[e], Is.EqualTo(alone[e]), $"episode {e}");
        Assert.That(alone[0], Is.Not.EqualTo(alone[1]));
    }

    [TestCaseSource(nameof(Names))]
    public void Restored_state_continues_bitwise(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using ControlEnvironment first = new(task), second = new(task);
        first.Reset(2, RandomStream.Reset, 5);
        for (int t = 0; t < 70; t++) first.Step(Episodes.RandomAction(task.ActionSize, 5, t));
        double[] saved = new double[first.StateSize], a = new double[first.StateSize], b = new double[first.StateSize];
        Array.Fill(saved, double.NaN);
        first.SaveState(saved);
        Episodes.Play(second, 3, 3);
        second.RestoreState(saved);
        Assert.That(second.Observation.ToArray(), Is.EqualTo(first.Observation.ToArray()));

        // the rest of this episode, and into the next ones
        ulong episode = 5;
        for (int t = 70; t < 270; t++)
        {
            if (first.Done)
            {
                Assert.That(second.Success, Is.EqualTo(first.Success));
                episode++;
                first.Reset(2, RandomStream.Reset, episode);
                second.Reset(2, RandomStream.Reset, episode);
            }
            double[] u = Episodes.RandomAction(task.ActionSize, episode, t);
            Assert.That(second.Step(u), Is.EqualTo(first.Step(u)));
            first.SaveState(a);
            second.SaveState(b);
            Assert.That(b.Select(BitConverter.DoubleToInt64Bits), Is.EqualTo(a.Select(BitConverter.DoubleToInt64Bits)), $"step {t}");
        }
    }

    [Test]
    public void Episode_is_timed_out_at_its_horizon_and_then_refuses_steps()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        using var environment = new ControlEnvironment(task);
        Assert.That(() => environment.Step([0]), Throws.InvalidOperationException.With.Message.Contains("Reset"));
        double sum = 0;
        StepResult last = default;
        Episodes.Play(environment, 1, 0, (_, result) =>
        {
            sum += result.Reward;
            last = result;
        });
        Assert.Multiple(() =>
        {
            Assert.That(last, Is.EqualTo(new StepResult(last.Reward, Terminated: false, TimedOut: true)));
            Assert.That(environment.StepIndex, Is.EqualTo(150));
            Assert.That(environment.Score, Is.EqualTo(sum));
            Assert.That(() => environment.Step([0]), Throws.InvalidOperationException.With.Message.Contains("ended after step 150"));
        });
    }

    [TestCaseSource(nameof(Names))]
    public void Steps_and_resets_allocate_nothing(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        double[] u = new double[task.ActionSize], state = new double[environment.StateSize];
        Array.Fill(u, 0.3);
        for (ulong episode = 0; episode < 3; episode++) Once(episode);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong episode = 3; episode < 6; episode++) Once(episode);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Once(ulong episode)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            for (int t = 0; t < 40; t++) environment.Step(u);
            environment.SaveState(state);
            environment.RestoreState(state);
            _ = environment.Success;
        }
    }

    [Test]
    public void Actions_are_clipped()
    {
        using ControlTask task = ControlTask.Load("reacher-single");
        using ControlEnvironment a = new(task), b = new(task);
        a.Reset(1, RandomStream.Reset, 0);
        b.Reset(1, RandomStream.Reset, 0);
        Assert.That(a.Step([5, -3, 0.2]), Is.EqualTo(b.Step([1, -1, 0.2])));
        Assert.That(a.Observation.ToArray(), Is.EqualTo(b.Observation.ToArray()));
        Assert.That(() => a.Step([0, 0]), Throws.ArgumentException.With.Message.Contains("needs 3"));
    }

    [Test]
    public void Action_that_is_no_number_is_reported_and_the_next_episode_is_sound()
    {
        using ControlTask task = ControlTask.Load("reacher-single");
        using var environment = new ControlEnvironment(task);
        long[] expected = Episodes.Trace(environment, 1, 0);
        environment.Reset(1, RandomStream.Reset, 4);
        environment.Step([0, 0, 0]);
        Assert.That(() => environment.Step([0, double.NaN, 0]),
            Throws.TypeOf<SimulationException>().With.Message.Contains("reacher-single, step 2").And.Message.Contains("action 1 is NaN"));
        Assert.That(() => environment.Step([0, 0, 0]), Throws.InvalidOperationException);
        Assert.That(Episodes.Trace(environment, 1, 0), Is.EqualTo(expected));
    }

    [Test]
    public void Simulation_that_blows_up_is_reported_and_the_next_episode_is_sound()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher-single");
        scratch.Write("reacher.xml", ScratchFolder.BuiltIn("reacher.xml").Replace("gear=\"5\"", "gear=\"1e13\""));
        using ControlTask task = ControlTask.Load(path);
        using var environment = new ControlEnvironment(task);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            environment.Reset(1, RandomStream.Reset, 0);
            environment.Step([0, 0, 0]);
            Assert.That(() =>
            {
                for (int t = 0; t < 10; t++) environment.Step([1, 0, 0]);
            }, Throws.TypeOf<SimulationException>().With.Message.Contains("reacher-single, step "));
        }
    }

    [Test]
    public void Reward_that_is_not_finite_is_reported_and_the_next_episode_is_sound()
    {
        // finite in the first observation, where the pole hangs and the cart has hardly moved; then the square overflows
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "{quadratic: slider, weight: -0.0005}", "{quadratic: slider, weight: -1e300, scale: 1e10}");
        using ControlTask task = ControlTask.Load(path);
        using var environment = new ControlEnvironment(task);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            environment.Reset(1, RandomStream.Reset, 0);
            Assert.That(environment.Step([1]).Reward, Is.Negative.And.Not.NaN.And.GreaterThan(double.NegativeInfinity));
            Assert.That(() =>
            {
                while (!environment.Done) environment.Step([1]);
            }, Throws.TypeOf<SimulationException>().With.Message.Match("^cartpole, step [0-9]+ of the episode: the reward is not finite"));
            Assert.That(double.IsFinite(environment.Score));
            Assert.That(() => environment.Step([0]), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Bounds_terminate_with_their_reward()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed(
            "cartpole", "measures:", "termination: {outside: {slider: [-0.5, inf], hinge.cos: [-inf, 0.9]}, reward: -7}\nmeasures:");
        using ControlTask task = ControlTask.Load(path);
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.Reset, 0);
        StepResult result = default;
        double[] before = [];
        while (!environment.Done)
        {
            before = environment.Observation.ToArray();
            result = environment.Step([-1]);
        }
        double expected = -0.0035 * (before[1] * before[1] + Math.Pow(before[2] - 1, 2)) - 0.0005 * before[0] * before[0] - 0.0002 - 7;
        Assert.Multiple(() =>
        {
            Assert.That(result.Terminated && !result.TimedOut);
            Assert.That(result.Reward, Is.EqualTo(expected).Within(1e-14));
            Assert.That(environment.Observation[0], Is.LessThan(-0.5));
            Assert.That(before[0], Is.GreaterThanOrEqualTo(-0.5));
            Assert.That(environment.Success, Is.False);
        });
    }

    [Test]
    public void Controls_span_the_range_of_their_actuators()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher-single");
        scratch.Write("reacher.xml", ScratchFolder.BuiltIn("reacher.xml")
            .Replace("joint=\"j1\" gear=\"5\"", "joint=\"j1\" gear=\"1\" ctrlrange=\"-4 6\""));
        using ControlTask ranged = ControlTask.Load(path), plain = ControlTask.Load("reacher-single");
        using ControlEnvironment a = new(ranged), b = new(plain);
        a.Reset(1, RandomStream.Reset, 0);
        b.Reset(1, RandomStream.Reset, 0);
        a.Step([0.5, 0.1, 0.2]);     // 1 + 5 · 0.5 = 3.5, and gear 5 makes 3.5 of 0.7
        b.Step([0.7, 0.1, 0.2]);
        Assert.That(a.Observation.ToArray(), Is.EqualTo(b.Observation.ToArray()).Within(1e-13));
    }
}
