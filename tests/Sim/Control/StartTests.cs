using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// Episodes of the built-in tasks start as documented in their cards: mean and standard deviation of everything that is
/// drawn, the rest exactly.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class StartTests
{
    private const int Draws = 4000;
    private const double Sigmas = 5;     // of the standard error

    // the standard deviation of U(a, b) is (b − a)/√12
    private static readonly double Uniform = 1 / Math.Sqrt(12), Turn = 2 * Math.PI * Uniform;

    [Test]
    public void Cartpole_starts_hanging() => AssertStarts("cartpole", [(0, .01), (Math.PI, .01)], [(0, .01), (0, .01)]);

    [Test]
    public void Reacher_starts_anywhere_and_its_target_is_uniform_by_area()
    {
        // r² is uniform
        double low = 0.15 * 0.15, high = 0.8 * 0.8;
        AssertStarts("reacher", [(0, Turn), (0, 4 * Uniform), (0, 4 * Uniform)], Still(3),
            (c => c[0] * c[0] + c[1] * c[1], (low + high) / 2, (high - low) * Uniform),
            (c => Math.Atan2(c[1], c[0]), 0, Turn));
        AssertWithin("reacher", e => Math.Sqrt(e.Constants[0] * e.Constants[0] + e.Constants[1] * e.Constants[1]),
            0.15, 0.8);
        AssertWithin("reacher", e => e.Qpos[1], -2, 2);
    }

    [Test]
    public void Reacher_single_starts_near_one_pose() => AssertStarts("reacher-single",
        [(.3, .03), (.8, .03), (.6, .03)], [(0, .01), (0, .01), (0, .01)], (c => c[0], -.35, 0), (c => c[1], .45, 0));

    [Test]
    public void Peg_starts_above_the_slot()
    {
        AssertStarts("peg", [(.751, .2 * Uniform), (-2.009, .2 * Uniform), (-.312, .2 * Uniform)], Still(3),
            (c => c[0], .45, 0), (c => c[1], -.58, 0), (c => c[2], .45, 0), (c => c[3], -.33, 0));
        AssertWithin("peg", e => e.Qpos[2], -.412, -.212);
    }

    [Test]
    public void Gripper_starts_open_and_its_object_in_a_square()
    {
        AssertStarts("gripper",
            [(-.6, .05), (.9, .05), (.5, .05), (.3, 0), (-.3, 0), (.50, .2 * Uniform), (.35, .2 * Uniform)], Still(7),
            (c => c[0], .45, 0), (c => c[1], -.40, 0));
        AssertWithin("gripper", e => e.Qpos[5], .4, .6);
    }

    [Test]
    public void Gripper_single_starts_near_one_pose() => AssertStarts("gripper-single",
        [(-.6, .02), (.9, .02), (.5, .02), (.3, 0), (-.3, 0), (.50, .005), (.35, .005)], Still(7), (c => c[0], .45, 0),
        (c => c[1], -.40, 0));

    [Test]
    public void Moving_gripper_starts_far_from_its_object() => AssertStarts("gripper-moving",
        [(0, .05), (0, .05), (0, .05), (.4, .05), (-.4, .05), (.3, 0), (-.3, 0), (1.0, .2 * Uniform),
            (.4, .2 * Uniform)], Still(9),
        (c => c[0], -.6, 0), (c => c[1], -.5, 0));

    [Test]
    public void Canada_starts_with_its_stick_behind_the_puck()
    {
        // radius and angle of a place (x, y) are drawn: E x = E r · sin(a)/a for an angle in ±a
        double across = Math.Sin(.4) / .4, square = .36 + .04 / 12, half = Math.Sin(.8) / .8 / 2;
        double meanX = .6 * across, deviationX = Math.Sqrt(square * (.5 + half) - meanX * meanX),
            deviationY = Math.Sqrt(square * (.5 - half));
        AssertStarts("canada2d", [(1.3, .05), (-2.75, .05), (1.1, .05), (meanX, deviationX), (0, deviationY)], Still(5),
            (c => Math.Sqrt(c[0] * c[0] + c[1] * c[1]), 1.3, .4 * Uniform), (c => Math.Atan2(c[1], c[0]), 0, Uniform));
        AssertWithin("canada2d", e => Math.Sqrt(e.Qpos[3] * e.Qpos[3] + e.Qpos[4] * e.Qpos[4]), .5, .7);
        AssertWithin("canada2d", e => Math.Atan2(e.Qpos[4], e.Qpos[3]), -.4, .4);
    }

    [Test]
    public void Cheetah_starts_crouched_at_random() => AssertStarts("cheetah",
        [(0, 0), .. Enumerable.Repeat((0.0, .2 * Uniform), 8)], [.. Enumerable.Repeat((0.0, .1), 9)]);

    [Test]
    public void Swimmer_starts_in_any_pose() => AssertStarts("swimmer6",
        [(0, 0), (0, 0), (0, Turn), .. Enumerable.Repeat((0.0, 1.8 * Uniform), 6)], Still(9), (c => c[0], 2, 0),
        (c => c[1], 1, 0));

    [Test]
    public void Ant_starts_still() => AssertStarts("ant",
        [(0, 0), (0, 0), (.55, 0), (1, 0), (0, 0), (0, 0), (0, 0), (0, 0), (1, 0), (0, 0), (-1, 0), (0, 0), (-1, 0),
            (0, 0), (1, 0)], Still(14),
        (c => c[0], 4, 0), (c => c[1], 0, 0));

    [Test]
    public void Walker_starts_with_a_step_in_progress() => AssertStarts("walker2d",
        [(0, .01), (0, 0), (0, .01), (.1, .01), (-.1, .01), (0, .01), (-.1, .01), (-.1, .01), (0, .01)],
        [(0, .02), (.5, .02), .. Enumerable.Repeat((0.0, .02), 7)]);

    [Test]
    public void Training_and_test_episodes_start_apart()
    {
        using ControlEnvironment environment = Episodes.Begin("reacher");
        double[] training = environment.Observation.ToArray();
        environment.Reset(1, RandomStream.TestReset, 0);
        Assert.That(environment.Observation.ToArray(), Is.Not.EqualTo(training));
    }

    private static (double Mean, double Deviation)[] Still(int count) => [.. Enumerable.Repeat((0.0, 0.0), count)];

    /// <summary>
    /// Mean and standard deviation, over many episodes, of qpos, qvel and functions of the constants.
    /// </summary>
    private static void AssertStarts(
        string name, (double Mean, double Deviation)[] positions, (double Mean, double Deviation)[] velocities,
        params (Func<double[], double> Of, double Mean, double Deviation)[] constants)
    {
        using ControlEnvironment environment = Episodes.Begin(name);
        (double Mean, double Deviation)[] cards = [.. positions, .. velocities,
            .. constants.Select(c => (c.Mean, c.Deviation))];
        double[] sums = new double[cards.Length], squares = new double[cards.Length];
        for (ulong episode = 0; episode < Draws; episode++)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            double[] drawn = environment.Constants.ToArray();
            double[] numbers = [.. environment.Qpos, .. environment.Qvel, .. constants.Select(c => c.Of(drawn))];
            Assert.That(numbers, Has.Length.EqualTo(cards.Length), "each coordinate is said");
            for (int i = 0; i < numbers.Length; i++)
            {
                double d = numbers[i] - cards[i].Mean;
                (sums[i], squares[i]) = (sums[i] + d, squares[i] + d * d);
            }
        }
        for (int i = 0; i < cards.Length; i++)
        {
            double deviation = cards[i].Deviation;
            Assert.That(sums[i] / Draws, Is.Zero.Within(Sigmas * deviation / Math.Sqrt(Draws) + 1e-15),
                $"mean of number {i}");
            // a normal's variance has relative standard error √(2/n), a uniform's has less
            Assert.That(Math.Sqrt(squares[i] / Draws),
                Is.EqualTo(deviation).Within(Sigmas * deviation / Math.Sqrt(2.0 * Draws) + 1e-15),
                $"deviation of number {i}");
        }
    }

    private static void AssertWithin(string name, Func<ControlEnvironment, double> number, double low, double high)
    {
        using ControlEnvironment environment = Episodes.Begin(name);
        for (ulong episode = 0; episode < 1000; episode++)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            Assert.That(number(environment), Is.InRange(low, high));
        }
    }
}
