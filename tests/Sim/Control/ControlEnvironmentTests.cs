using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>Edge cases of the environment: horizon, clipping, bounds, and failures.</summary>
internal sealed class ControlEnvironmentTests : MujocoFixture
{
    [Test]
    public void Episode_is_timed_out_at_its_horizon_and_then_refuses_steps()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        using var environment = new ControlEnvironment(task);
        Assert.That(() => environment.Step([0]), Throws.InvalidOperationException.With.Message.Contains("Reset"));
        var results = new List<StepResult>();
        Episodes.Play(environment, 1, 0, results.Add);
        Assert.That(results[^1], Is.EqualTo(new StepResult(results[^1].Reward, Terminated: false, TimedOut: true)));
        Assert.That(environment.StepIndex, Is.EqualTo(150));
        Assert.That(environment.Score, Is.EqualTo(results.Sum(result => result.Reward)));
        Assert.That(() => environment.Step([0]),
            Throws.InvalidOperationException.With.Message.Contains("ended after step 150"));
    }

    [Test]
    public void Actions_are_clipped()
    {
        using ControlEnvironment a = Episodes.Begin("reacher-single"), b = Episodes.Begin("reacher-single");
        Assert.That(a.Step([5, -3, 0.2]), Is.EqualTo(b.Step([1, -1, 0.2])));
        Assert.That(a.Observation.ToArray(), Is.EqualTo(b.Observation.ToArray()));
        Assert.That(() => a.Step([0, 0]), Throws.ArgumentException.With.Message.Contains("needs 3"));
    }

    [Test]
    public void Action_that_is_no_number_is_reported_and_the_next_episode_is_sound()
    {
        using ControlEnvironment environment = Episodes.Begin("reacher-single");
        long[] expected = Episodes.Trace(environment, 1, 0);
        environment.Reset(1, RandomStream.Reset, 4);
        environment.Step([0, 0, 0]);
        Assert.That(() => environment.Step([0, double.NaN, 0]),
            Throws.TypeOf<SimulationException>().With.Message.Contains("reacher-single, step 2")
                .And.Message.Contains("action 1 is NaN"));
        Assert.That(() => environment.Step([0, 0, 0]), Throws.InvalidOperationException);
        Assert.That(Episodes.Trace(environment, 1, 0), Is.EqualTo(expected));
    }

    [Test]
    public void Simulation_that_blows_up_is_reported_and_the_next_episode_is_sound()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher-single");
        scratch.ChangeModel("reacher", "gear=\"5\"", "gear=\"1e13\"");
        using ControlEnvironment environment = Episodes.Begin(path);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            environment.Reset(1, RandomStream.Reset, 0);
            environment.Step([0, 0, 0]);
            Assert.That(() => StepToTheEnd(environment, [1, 0, 0]),
                Throws.TypeOf<SimulationException>().With.Message.Contains("reacher-single, step "));
        }
    }

    [Test]
    public void Reward_that_is_not_finite_is_reported_and_the_next_episode_is_sound()
    {
        // finite in the first observation, where the pole hangs and the cart has hardly moved; later the square
        // overflows
        using var scratch = new ScratchFolder();
        using ControlEnvironment environment = Episodes.Begin(scratch.Changed(
            "cartpole", "{quadratic: slider, weight: -0.0005}", "{quadratic: slider, weight: -1e300, scale: 1e10}"));
        for (int attempt = 0; attempt < 2; attempt++)
        {
            environment.Reset(1, RandomStream.Reset, 0);
            Assert.That(environment.Step([1]).Reward, Is.Negative.And.Not.NaN.And.GreaterThan(double.NegativeInfinity));
            Assert.That(() => StepToTheEnd(environment, [1]), Throws.TypeOf<SimulationException>()
                .With.Message.Match("^cartpole, step [0-9]+ of the episode: the reward is not finite"));
            Assert.That(double.IsFinite(environment.Score));
            Assert.That(() => environment.Step([0]), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void Controls_span_the_range_of_their_actuators()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher-single");
        scratch.ChangeModel("reacher", "joint=\"j1\" gear=\"5\"", "joint=\"j1\" gear=\"1\" ctrlrange=\"-4 6\"");
        using ControlEnvironment ranged = Episodes.Begin(path), plain = Episodes.Begin("reacher-single");
        ranged.Step([0.5, 0.1, 0.2]);     // 1 + 5 · 0.5 = 3.5, and gear 5 makes 3.5 of 0.7
        plain.Step([0.7, 0.1, 0.2]);
        Assert.That(ranged.Observation.ToArray(), Is.EqualTo(plain.Observation.ToArray()).Within(1e-13));
    }

    private static void StepToTheEnd(ControlEnvironment environment, double[] action)
    {
        while (!environment.Done) environment.Step(action);
    }
}
