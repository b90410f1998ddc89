using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;

namespace Naf.Tests;

/// <summary>Recovers the controller that generated the data.</summary>
internal sealed class ControllerFitTests
{
    private static readonly IlqgSettings Settings = new() { LeastNoise = 0.01, MostNoise = 10 };

    [Test]
    public void Many_episodes_give_the_controller_back_at_the_rate_of_samples([Values(400, 6400)] int episodes)
    {
        var system = new LinearSystem(4, 6, 3, 2);
        LinearGaussianController fitted = Fit(system, system.Previous, episodes);
        Assert.That(fitted.Gain.ToArray(),
            Is.EqualTo(system.Previous.Gain.ToArray()).Within(2 * Tolerances.SampledFit(episodes)));
        Assert.That(fitted.Offset.ToArray(),
            Is.EqualTo(system.Previous.Offset.ToArray()).Within(4 * Tolerances.SampledFit(episodes)));
        Assert.That(fitted.Covariance.ToArray(),
            Is.EqualTo(system.Previous.Covariance.ToArray()).Within(Tolerances.SampledFit(episodes)));
    }

    [Test]
    public void Few_episodes_are_enough_for_a_policy_with_the_same_gains_at_all_times(
    [Values(3, 5, 10)] int episodes, [Values(4, 20)] int state)
    {
        // more states than episodes; only the mean is fitted per step, for which n samples leave A / (2n) nats
        var system = new LinearSystem(4, 150, state, 3, radius: 0.5);
        LinearGaussianController truth = Steady(system);
        double divergence = system.Trajectory(Fit(system, truth, episodes)).DivergenceFrom(truth) / 150;
        Assert.That(divergence, Is.LessThan(3 / (2.0 * episodes) + 0.35), "nats a step");
    }

    [Test]
    public void Episodes_may_end_early_and_the_last_step_that_was_reached_goes_on()
    {
        var system = new LinearSystem(4, 8, 3, 2);
        double[][] data = Play(system, system.Previous, 5);
        for (int e = 0; e < 5; e++) data[e] = data[e][..(system.Shape.Sample * Math.Min(e, 3))];
        LinearGaussianController fitted = ControllerFit.Fit(data, system.Shape, Settings);
        Assert.That(fitted.IsFinite);
        for (int t = 3; t < 8; t++)
            Assert.That(
                (fitted.GainAt(t).ToArray(), fitted.OffsetAt(t).ToArray()),
                Is.EqualTo((fitted.GainAt(2).ToArray(), fitted.OffsetAt(2).ToArray())));
        Assert.That(fitted.OffsetAt(1).ToArray(), Is.Not.EqualTo(fitted.OffsetAt(2).ToArray()));
        double[] u = new double[2];
        fitted.Mean(2, Mean(0), u);
        Assert.That(u, Is.EqualTo(Mean(3)[..2]).Within(1e-9), "the mean of the samples is on the regression");

        double[] Mean(int at) =>
            [.. Enumerable.Range(16 + at, 3).Select(i => data.Where(e => e.Length > 16).Average(e => e[i]))];
    }

    [Test]
    public void One_episode_gives_a_controller_through_it()
    {
        var system = new LinearSystem(4, 30, 3, 2);
        double[][] data = Play(system, system.Previous, 1);
        LinearGaussianController fitted = ControllerFit.Fit(data, system.Shape, Settings);
        Assert.That(fitted.IsFinite);
        double[] u = new double[2];
        for (int t = 0; t < 30; t++)
        {
            fitted.Mean(t, data[0].AsSpan(t * 8, 3), u);
            Assert.That(u, Is.EqualTo(data[0].AsSpan(t * 8 + 3, 2).ToArray()).Within(1e-9), $"step {t}");
        }
    }

    [Test]
    public void An_entry_that_is_constant_takes_no_part_and_noise_has_a_floor()
    {
        var system = new LinearSystem(4, 20, 3, 2);
        double[][] data = Play(system, system.Previous, 6);
        foreach (double[] episode in data)
            for (int t = 0; t < 20; t++) (episode[t * 8 + 1], episode[t * 8 + 4]) = (0.7, 0.25);
        LinearGaussianController fitted = ControllerFit.Fit(data, system.Shape, Settings with { LeastNoise = 0.2 });
        Assert.That(fitted.IsFinite);
        for (int t = 0; t < 20; t++)
        {
            // the second state and action are constant
            Assert.That((fitted.GainAt(t)[1], fitted.GainAt(t)[4]), Is.EqualTo((0.0, 0.0)));
            Assert.That(fitted.GainAt(t)[3..].ToArray(), Is.All.EqualTo(0).Within(1e-12));
            Assert.That(fitted.OffsetAt(t)[1], Is.EqualTo(0.25).Within(1e-12));
            Assert.That(fitted.CovarianceAt(t)[3], Is.EqualTo(0.04).Within(1e-12));
        }
    }

    [Test]
    public void From_numbers_that_are_not_finite_comes_no_finite_controller()
    {
        var system = new LinearSystem(4, 4, 3, 2);
        double[][] data = Play(system, system.Previous, 5);
        data[2][9] = double.NaN;
        Assert.That(ControllerFit.Fit(data, system.Shape, Settings).IsFinite, Is.False, "a planner then refuses it");
    }

    private static LinearGaussianController Steady(LinearSystem system)
    {
        LinearGaussianController p = system.Previous;
        return new(system.Shape, Repeat(p.GainAt(0)), p.Offset.ToArray(), Repeat(p.CovarianceAt(0)));

        double[] Repeat(ReadOnlySpan<double> one) =>
            [.. Enumerable.Repeat(one.ToArray(), system.Shape.Horizon).SelectMany(x => x)];
    }

    private static LinearGaussianController Fit(LinearSystem system, LinearGaussianController truth, int episodes) =>
        ControllerFit.Fit(Play(system, truth, episodes), system.Shape, Settings);

    // z = [s; u; s′] of each step; s′ is ignored
    private static double[][] Play(LinearSystem system, LinearGaussianController controller, int episodes) =>
    [
        .. Enumerable.Range(0, episodes).Select(episode =>
        {
            var samples = new List<double>();
            double[] unread = [.. Enumerable.Repeat(double.NaN, system.Shape.State)];
            system.Simulate(controller, (ulong)episode, (_, x, u) => samples.AddRange([.. x, .. u, .. unread]));
            return samples.ToArray();
        }),
    ];
}
