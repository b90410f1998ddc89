using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The built-in tasks behave as their cards say: starts, rewards, observations, success, scores of the random policy.</summary>
public sealed class CardTests : MujocoFixture
{
    private const int Draws = 4000;
    private const double Sigmas = 5;     // of the standard error

    [TestCase("cartpole", -2.08, 0.099)]
    [TestCase("reacher", -2.36, 0.96)]
    [TestCase("reacher-single", -2.28, 0.69)]
    [TestCase("peg", -11.8, 4.2)]
    public void Random_policy_scores_as_measured(string name, double mean, double deviation)
    {
        const int Count = 200, Measured = 500;
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        double sum = 0;
        for (ulong episode = 0; episode < Count; episode++)
        {
            Episodes.Play(environment, 0, episode);
            sum += environment.Score;
        }
        // the measured means are given to three digits
        double error = deviation * Math.Sqrt(1.0 / Count + 1.0 / Measured), digits = 0.005 * Math.Abs(mean);
        TestContext.Out.WriteLine($"{name}: random policy {sum / Count:0.000} over {Count} episodes, measured {mean}");
        Assert.That(sum / Count, Is.EqualTo(mean).Within(Sigmas * error + digits));
        Assert.That(environment.WarningCount, Is.Zero);
    }

    [Test]
    public void Cartpole_starts_hanging() => AssertStarts("cartpole",
    [
        (e => e.Qpos[0], 0, 0.01), (e => e.Qpos[1], Math.PI, 0.01), (e => e.Qvel[0], 0, 0.01), (e => e.Qvel[1], 0, 0.01),
    ]);

    [Test]
    public void Reacher_single_starts_near_one_pose()
    {
        AssertStarts("reacher-single",
        [
            (e => e.Qpos[0], 0.3, 0.03), (e => e.Qpos[1], 0.8, 0.03), (e => e.Qpos[2], 0.6, 0.03),
            (e => e.Qvel[0], 0, 0.01), (e => e.Qvel[1], 0, 0.01), (e => e.Qvel[2], 0, 0.01),
        ]);
        AssertStarts("reacher-single", [(e => e.Constants[0], -0.35, 0), (e => e.Constants[1], 0.45, 0)]);
    }

    [Test]
    public void Peg_starts_above_the_slot()
    {
        double uniform = 0.2 / Math.Sqrt(12);
        AssertStarts("peg",
        [
            (e => e.Qpos[0], 0.751, uniform), (e => e.Qpos[1], -2.009, uniform), (e => e.Qpos[2], -0.312, uniform),
            (e => e.Qvel[0], 0, 0), (e => e.Qvel[1], 0, 0), (e => e.Qvel[2], 0, 0),
        ]);
    }

    [Test]
    public void Reacher_starts_anywhere_and_its_target_is_uniform_by_area()
    {
        // U(a, b) has variance (b − a)²/12; r² is uniform too
        double turn = 2 * Math.PI / Math.Sqrt(12), low = 0.15 * 0.15, high = 0.8 * 0.8;
        AssertStarts("reacher",
        [
            (e => e.Qpos[0], 0, turn), (e => e.Qpos[1], 0, 4 / Math.Sqrt(12)), (e => e.Qpos[2], 0, 4 / Math.Sqrt(12)), (e => e.Qvel[0], 0, 0),
            (e => e.Constants[0] * e.Constants[0] + e.Constants[1] * e.Constants[1], (low + high) / 2, (high - low) / Math.Sqrt(12)),
            (e => Math.Atan2(e.Constants[1], e.Constants[0]), 0, turn),
        ]);
        using ControlTask task = ControlTask.Load("reacher");
        using var environment = new ControlEnvironment(task);
        for (ulong episode = 0; episode < 1000; episode++)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            double r = Math.Sqrt(environment.Constants[0] * environment.Constants[0] + environment.Constants[1] * environment.Constants[1]);
            Assert.That(r, Is.InRange(0.15, 0.8));
            Assert.That(environment.Qpos[1], Is.InRange(-2, 2));
        }
    }

    [Test]
    public void Training_and_test_episodes_start_apart()
    {
        using ControlTask task = ControlTask.Load("reacher");
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.Reset, 0);
        double[] training = environment.Observation.ToArray();
        environment.Reset(1, RandomStream.TestReset, 0);
        Assert.That(environment.Observation.ToArray(), Is.Not.EqualTo(training));
    }

    [TestCase("cartpole")]
    [TestCase("reacher")]
    [TestCase("reacher-single")]
    [TestCase("peg")]
    public void Reward_is_the_cards_formula_of_observation_before_the_step_and_action(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        environment.Reset(3, RandomStream.Reset, 1);
        for (int t = 0; t < 100; t++)
        {
            double[] x = environment.Observation.ToArray(), u = Episodes.RandomAction(task.ActionSize, 1, t);
            double effort = 0.0002 * u.Sum(v => v * v), expected = name switch
            {
                "cartpole" => -0.0035 * (x[1] * x[1] + (x[2] - 1) * (x[2] - 1)) - 0.0005 * x[0] * x[0] - effort,
                "peg" => -0.12 * Smooth(x[9], x[10]) - 0.06 * Smooth(x[11], x[12]) - effort,
                _ => -0.02 * Smooth(x[11], x[12]) - effort,
            };
            Assert.That(environment.Step(u).Reward, Is.EqualTo(expected).Within(1e-15));
        }

        static double Smooth(double a, double b) => Math.Sqrt(a * a + b * b + 1e-4) - 0.01;
    }

    [TestCase("reacher", "tip", 11, 9)]
    [TestCase("peg", "tip", 9, -1)]
    [TestCase("peg", "base", 11, -1)]
    public void Errors_are_sites_of_MuJoCo_minus_goals(string name, string site, int at, int target)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        using var twin = new MujocoData(task.Model);
        double[] goal = site == "tip" ? [0.45, -0.58] : [0.45, -0.33];
        environment.Reset(1, RandomStream.Reset, 2);
        for (int t = 0; t < 30; t++)
        {
            environment.Step(Episodes.RandomAction(3, 2, t));
            environment.Qpos.CopyTo(twin.Qpos);
            twin.Kinematics();
            ReadOnlySpan<double> place = twin.SitePosition(task.Model.IdOf(MujocoObject.Site, site)), x = environment.Observation;
            if (target >= 0) goal = [x[target], x[target + 1]];
            Assert.That(new[] { x[at], x[at + 1] }, Is.EqualTo(new[] { place[0] - goal[0], place[1] - goal[1] }).Within(1e-14));
        }
    }

    [Test]
    public void Seated_peg_succeeds_and_reports_its_measures()
    {
        using var scratch = new ScratchFolder();
        string seated = scratch.Changed("peg", "at: [0.751, -2.009, -0.312], uniform: [-0.1, 0.1]", "at: [0.041, -1.467, -0.145]");
        using ControlTask task = ControlTask.Load(seated), free = ControlTask.Load("peg");
        using ControlEnvironment inside = new(task), outside = new(free);
        Hold(inside);
        Hold(outside);
        Assert.Multiple(() =>
        {
            Assert.That(inside.Success, Is.True);
            Assert.That(inside.Measure(2), Is.EqualTo(1), "inserted from the first step on");
            Assert.That(outside.Success, Is.False);
            Assert.That(outside.Measure(2), Is.NaN, "never inserted");
        });
    }

    [Test]
    public void Measures_are_those_of_the_recorded_observations()
    {
        using ControlTask reacher = ControlTask.Load("reacher"), cartpole = ControlTask.Load("cartpole");
        using ControlEnvironment arm = new(reacher), cart = new(cartpole);
        var distances = new List<double>();
        var cosines = new List<double>();
        Episodes.Play(arm, 1, 7, (_, _) => distances.Add(Math.Sqrt(Math.Pow(arm.Observation[11], 2) + Math.Pow(arm.Observation[12], 2))));
        Episodes.Play(cart, 1, 7, (_, _) => cosines.Add(cart.Observation[2]));
        double[] last = [.. distances.TakeLast(50)];
        double mean = last.Average(), deviation = Math.Sqrt(last.Average(d => (d - mean) * (d - mean)));
        Assert.Multiple(() =>
        {
            Assert.That(new[] { arm.Measure(0), arm.Measure(1), arm.Measure(2) }, Is.EqualTo(new[] { distances[^1], mean, deviation }).Within(1e-12));
            Assert.That(cart.Measure(0), Is.EqualTo(cosines.TakeLast(20).Min()));
            Assert.That(arm.Success, Is.EqualTo(distances[^1] < 0.02));
            Assert.That(cart.Success, Is.EqualTo(cosines.TakeLast(20).Min() > Math.Cos(0.2)));
        });
    }

    private static void Hold(ControlEnvironment environment)
    {
        environment.Reset(1, RandomStream.Reset, 0);
        while (!environment.Done) environment.Step([0, 0, 0]);
    }

    /// <summary>Mean and standard deviation of numbers of the start, over many episodes.</summary>
    private static void AssertStarts(string name, (Func<ControlEnvironment, double> Number, double Mean, double Deviation)[] numbers)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        double[] sums = new double[numbers.Length], squares = new double[numbers.Length];
        for (ulong episode = 0; episode < Draws; episode++)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            for (int i = 0; i < numbers.Length; i++)
            {
                double d = numbers[i].Number(environment) - numbers[i].Mean;
                (sums[i], squares[i]) = (sums[i] + d, squares[i] + d * d);
            }
        }
        for (int i = 0; i < numbers.Length; i++)
        {
            double deviation = numbers[i].Deviation;
            Assert.That(sums[i] / Draws, Is.Zero.Within(Sigmas * deviation / Math.Sqrt(Draws) + 1e-15), $"mean of number {i}");
            // a normal's variance has relative standard error √(2/n), a uniform's less
            Assert.That(
                Math.Sqrt(squares[i] / Draws), Is.EqualTo(deviation).Within(Sigmas * deviation / Math.Sqrt(2.0 * Draws) + 1e-15),
                $"deviation of number {i}");
        }
    }
}
