using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;

namespace Naf.Tests;

/// <summary>An iLQG step: the KL bound, the minimum within it, and numbers that prevent planning.</summary>
internal sealed class IlqgPlannerTests
{
    private static readonly IlqgSettings Settings = new() { KlStep = 0.5, LeastNoise = 1e-4, MostNoise = 100 };

    [Test]
    public void The_divergence_stays_within_its_bound_and_uses_it(
        [Range(1, 12)] int seed, [Values(1e-3, 0.05, 0.5, 3)] double epsilon, [Values(0, 0.02)] double entropyWeight)
    {
        var system = new LinearSystem((ulong)seed, 1 + 5 * (seed % 4), 1 + seed % 5, 1 + seed % 3);
        IlqgResult result = Step(system, Settings with { KlStep = epsilon, EntropyWeight = entropyWeight });
        Assert.That(result.Reason, Is.Null);
        Assert.That(result.KlBound, Is.EqualTo(epsilon * system.Shape.Horizon));
        Assert.That(result.Kl, Is.GreaterThanOrEqualTo(0).And.LessThanOrEqualTo(1.1 * result.KlBound));
        Assert.That(result.Kl > 0.9 * result.KlBound || result.Eta <= 1.001e-8, $"KL {result.Kl} at η = {result.Eta}");
        if (entropyWeight == 0) Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
    }

    [Test]
    public void The_divergence_is_that_of_sampled_episodes([Values(2, 5)] int seed, [Values(0.05, 1)] double epsilon)
    {
        var system = new LinearSystem((ulong)seed, 8, 3, 2);
        IlqgResult result = Step(system, Settings with { KlStep = epsilon });
        AssertMean(result.Kl, 3000, episode =>
        {
            double sum = 0;
            system.Simulate(result.Controller!, episode, (t, s, u) =>
                sum += LogDensity(result.Controller!, t, s, u) - LogDensity(system.Previous, t, s, u));
            return sum;
        });

        static double LogDensity(LinearGaussianController controller, int t, double[] s, double[] u)
        {
            double[] mean = new double[2];
            controller.Mean(t, s, mean);
            return LinearSystem.LogDensity(u, mean, controller.CovarianceAt(t));
        }
    }

    [Test]
    public void Both_costs_are_those_of_sampled_episodes()
    {
        var system = new LinearSystem(9, 10, 4, 2);
        IlqgResult result = Step(system, Settings);
        AssertMean(result.PreviousCost, 4000, episode => system.Simulate(system.Previous, episode));
        AssertMean(result.PredictedCost, 4000, episode => system.Simulate(result.Controller!, episode));
    }

    [Test]
    public void The_controller_is_a_stationary_point_of_cost_entropy_and_divergence(
    [Values(0, 0.1)] double entropyWeight)
    {
        // L = E[C] − c H + η KL as a function of the controller's numbers: stationary to first order
        var system = new LinearSystem(4, 6, 3, 2);
        IlqgResult result = Step(system, Settings with { EntropyWeight = entropyWeight });
        LinearGaussianController best = result.Controller!;
        double[][] numbers = [best.Gain.ToArray(), best.Offset.ToArray(), best.Covariance.ToArray()];
        double least = Lagrangian();
        for (int part = 0; part < 3; part++)
            for (int i = 0; i < numbers[part].Length; i += 1 + part % 2)
            {
                // keep the covariance symmetric
                int mirror = part == 2 ? i / 4 * 4 + i % 2 * 2 + i / 2 % 2 : i;
                double up = Moved(part, i, mirror, 1e-4), down = Moved(part, i, mirror, -1e-4);
                Assert.That((up - down) / 2e-4, Is.EqualTo(0).Within(1e-4 * (1 + Math.Abs(least))),
                    $"part {part}, number {i}");
                Assert.That(Math.Min(up, down), Is.GreaterThan(least - 1e-9 * Math.Abs(least)));
            }

        double Moved(int part, int i, int mirror, double by)
        {
            double[] old = [.. numbers[part]];
            numbers[part][i] += by;
            if (mirror != i) numbers[part][mirror] += by;
            double value = Lagrangian();
            numbers[part] = old;
            return value;
        }

        double Lagrangian()
        {
            TrajectoryDistribution moved = system.Trajectory(new(system.Shape, numbers[0], numbers[1], numbers[2]));
            return new QuadraticCost(system.Cost, moved, entropyWeight).Objective
                + result.Eta * moved.DivergenceFrom(system.Previous);
        }
    }

    [Test]
    public void Without_the_divergence_the_step_is_the_riccati_solution(
        [Values(1, 2, 31)] int horizon, [Values(1, 4, 7)] int state, [Values(1, 3)] int action,
        [Values(0.5, 0.95, 1.1)] double radius)
    {
        var system = new LinearSystem(3, horizon, state, action, radius);
        var problem = new LqrProblem(
            system.Model, system.StartMean, system.StartCovariance, system.Previous,
            new IlqgSettings { LeastNoise = 0 });
        QuadraticCost cost = problem.Expanded(system.Previous, system.Cost)!;
        LinearGaussianController controller = problem.Candidate(cost, eta: 0)!.Controller;
        (double[] gain, double[] offset) = system.Riccati();
        Assert.That(controller.Gain.ToArray(), Is.EqualTo(gain).Within(Tolerances.Riccati));
        Assert.That(controller.Offset.ToArray(), Is.EqualTo(offset).Within(Tolerances.Riccati));
        Assert.That(controller.Covariance.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_bound_without_limit_leads_to_the_riccati_solution()
    {
        var system = new LinearSystem(8, 9, 4, 2);
        IlqgResult result = Step(system, Settings with { KlStep = 1e6 });
        Assert.That(result.Controller!.Gain.ToArray(), Is.EqualTo(system.Riccati().Gain).Within(1e-5));
    }

    [Test]
    public void Rewards_of_any_size_give_the_same_controller([Values(1e-6, 1e6)] double scale)
    {
        // η is proportional to the scale
        double[] gains = Gains(1), scaled = Gains(scale);
        Assert.That(scaled, Is.EqualTo(gains).Within(0.05 * gains.Max(Math.Abs)));

        static double[] Gains(double scale)
        {
            IlqgResult result = Step(new LinearSystem(3, 12, 4, 2, scale: scale), Settings);
            Assert.That(result.Reason, Is.Null);
            return result.Controller!.Gain.ToArray();
        }
    }

    [TestCase(0.95, 12, true, true)]
    [TestCase(2, 10, false, true)]
    [TestCase(2, 150, false, false)]
    [TestCase(1e30, 60, false, false)]
    public void An_indefinite_cost_and_an_unstable_plant_are_held_or_refused(
        double radius, int horizon, bool indefinite, bool held)
    {
        var system = new LinearSystem(3, horizon, 4, 2, radius, indefinite: indefinite);
        Assert.That(Eigenvalues.Least(system.H, 6) < 0, Is.EqualTo(indefinite));
        IlqgResult result = Step(system, Settings);
        Assert.That(result.Controller != null, Is.EqualTo(held), $"{result}");
        if (!held)
        {
            Assert.That(result.Reason, Does.Contain("under the fitted model"));
            return;
        }
        Assert.That(result.Kl, Is.LessThanOrEqualTo(1.1 * result.KlBound));
        Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
    }

    private static IEnumerable<(TimeVaryingModel Model, double[] Start, double[] Spread,
        LinearGaussianController Previous, string Reason)> Broken()
    {
        var system = new LinearSystem(2, 5, 3, 2);
        TimeVaryingModel model = system.Model;
        double[] start = system.StartMean, spread = system.StartCovariance;
        LinearGaussianController p = system.Previous;
        foreach (double bad in new[] { double.NaN, double.PositiveInfinity })
        {
            double[] Spoilt(ReadOnlySpan<double> numbers)
            {
                double[] spoilt = numbers.ToArray();
                spoilt[numbers.Length / 2] = bad;
                return spoilt;
            }
            yield return (model with { F = Spoilt(model.F) }, start, spread, p, "not finite at time step 2");
            yield return (model with { Offset = Spoilt(model.Offset) }, start, spread, p, "not finite at time step 2");
            yield return (model with { N = Spoilt(model.N) }, start, spread, p, "not finite at time step 2");
            yield return (model, Spoilt(start), spread, p, "the start is not finite");
            yield return (model, start, Spoilt(spread), p, "the start is not finite");
            double[] gain = p.Gain.ToArray(), offset = p.Offset.ToArray(), covariance = p.Covariance.ToArray();
            yield return (model, start, spread, new(p.Shape, Spoilt(gain), offset, covariance), "controller is not");
            yield return (model, start, spread, new(p.Shape, gain, Spoilt(offset), covariance), "controller is not");
            yield return (model, start, spread, new(p.Shape, gain, offset, Spoilt(covariance)), "controller is not");
        }
        yield return (model with { F = [.. model.F.Select(f => 1e200 * f)] }, start, spread, p, "not finite");
        yield return (model, start, spread, new LinearSystem(2, 6, 3, 2).Previous, "6 steps");
    }

    [Test]
    public void What_is_broken_is_refused_with_its_reason_and_the_old_controller_stays()
    {
        foreach (var (model, start, spread, previous, reason) in Broken())
        {
            var system = new LinearSystem(2, 5, 3, 2);
            var planner = new IlqgPlanner(Settings);
            LinearGaussianController good = system.Step(planner).Controller!;
            byte[] before = Saved.Bytes(planner.Serialise);
            IlqgResult result = planner.Step(model, start, spread, system.Cost, previous);
            Assert.That(result.Controller, Is.Null, reason);
            Assert.That(result.Reason, Does.Contain(reason));
            Assert.That(planner.Controller, Is.SameAs(good));
            Assert.That(Saved.Bytes(planner.Serialise), Is.EqualTo(before));
        }
    }

    [Test]
    public void A_reward_that_is_not_finite_is_refused([Values(double.NaN, double.NegativeInfinity)] double bad)
    {
        var system = new LinearSystem(2, 5, 3, 2);
        system.G[1] = bad;
        Assert.That(Step(system, Settings).Reason, Does.Contain("not finite"));
        system = new LinearSystem(2, 5, 3, 2);
        system.H[0] = bad;
        Assert.That(Step(system, Settings).Reason, Is.Not.Null);
    }

    [Test]
    public void A_previous_controller_without_noise_is_given_the_least()
    {
        var system = new LinearSystem(7, 10, 3, 2);
        var silent = new LinearGaussianController(system.Shape, new double[60], new double[20], new double[40]);
        IlqgResult result = system.Step(new IlqgPlanner(Settings with { LeastNoise = 0.1 }), silent);
        Assert.That(result.Reason, Is.Null);
        for (int t = 0; t < 10; t++)
            Assert.That(Eigenvalues.Least(result.Controller!.CovarianceAt(t), 2), Is.GreaterThan(0.01 * (1 - 1e-9)));
        IlqgResult refused = system.Step(new IlqgPlanner(Settings with { LeastNoise = 0 }), silent);
        Assert.That(refused.Reason, Is.Not.Null, "no controller is within a finite divergence of one without noise");
    }

    // old · clip(predicted / (2 max(1e-4, predicted − actual)), 0.1, 5), in [0.01, 10]
    [TestCase(1, 1, 0.5, 1)]
    [TestCase(1, 1, 0, 0.5)]
    [TestCase(2, 3, 2, 3)]
    [TestCase(1, 1, 0.95, 5)]
    [TestCase(1, 1, 1, 5)]
    [TestCase(1, 1, 2, 5)]
    [TestCase(1, 1, -30, 0.1)]
    [TestCase(1, -1, -2, 0.1)]
    [TestCase(4, 1, 1, 10)]
    [TestCase(0.05, 1, -30, 0.01)]
    [TestCase(1, 1e-4, 1e-4, 0.5)]
    [TestCase(3, double.NaN, 1, 3)]
    [TestCase(3, 1, double.NaN, 3)]
    [TestCase(3, 1, double.NegativeInfinity, 0.3)]
    public void The_step_multiplier_follows_its_rule(double old, double predicted, double actual, double expected) =>
        Assert.That(IlqgPlanner.Adapted(old, predicted, actual), Is.EqualTo(expected).Within(1e-12));

    [Test]
    public void The_step_multiplier_is_adapted_by_what_episodes_cost()
    {
        var system = new LinearSystem(7, 10, 3, 2);
        var planner = new IlqgPlanner(Settings);
        IlqgResult first = system.Step(planner);
        Assert.That(planner.StepMultiplier, Is.EqualTo(1));
        // half of the predicted improvement was achieved
        IlqgResult second = system.Step(planner, cost: 0.5 * (first.PreviousCost + first.PredictedCost));
        Assert.That(planner.StepMultiplier, Is.EqualTo(1).Within(1e-12));
        // none was achieved
        IlqgResult third = system.Step(planner, cost: second.PreviousCost);
        Assert.That(planner.StepMultiplier, Is.EqualTo(0.5).Within(1e-12));
        Assert.That(third.KlBound, Is.EqualTo(0.5 * first.KlBound).Within(1e-9));
    }

    [Test]
    public void A_planner_that_was_saved_goes_on_bitwise()
    {
        var system = new LinearSystem(7, 10, 3, 2);
        IlqgPlanner planner = new(Settings), other = new(Settings);
        other.Serialise(Saved.By(planner.Serialise));
        Assert.That(Saved.Bytes(other.Serialise), Is.EqualTo(Saved.Bytes(planner.Serialise)), "before the first step");
        system.Step(planner);
        other.Serialise(Saved.By(planner.Serialise));
        foreach (IlqgPlanner p in new[] { planner, other }) system.Step(p, p.Controller, 12.5);
        Assert.That(Saved.Bytes(other.Serialise), Is.EqualTo(Saved.Bytes(planner.Serialise)));
        Assert.That(other.StepMultiplier, Is.Not.EqualTo(1));
    }

    private static IlqgResult Step(LinearSystem system, IlqgSettings settings) => system.Step(new(settings));

    private static void AssertMean(double expected, int episodes, Func<ulong, double> sample)
    {
        var moments = new SampleMoments(1);
        for (int e = 0; e < episodes; e++) moments.Add([sample((ulong)e)]);
        Assert.That(expected, Is.EqualTo(moments.Mean[0])
            .Within(Tolerances.SampledMean(Math.Sqrt(moments.Covariance()[0]), episodes)));
    }
}
