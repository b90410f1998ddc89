using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A step of iLQG: the KL bound, what is minimised within it, and what it does with numbers that nothing can be planned by.</summary>
public sealed class IlqgPlannerTests
{
    private static readonly IlqgSettings Settings = new() { KlStep = 0.5, LeastNoise = 1e-4, MostNoise = 100 };

    [Test]
    public void The_divergence_stays_within_its_bound_and_uses_it(
        [Range(1, 12)] int seed, [Values(1e-3, 0.05, 0.5, 3)] double epsilon, [Values(0, 0.02)] double entropyWeight)
    {
        var system = new LinearSystem((ulong)seed, 1 + 5 * (seed % 4), 1 + seed % 5, 1 + seed % 3);
        IlqgResult result = Step(system, Settings with { KlStep = epsilon, EntropyWeight = entropyWeight });
        Assert.That(result.Reason, Is.Null);
        Assert.That(result.KlBound, Is.EqualTo(epsilon * system.Model.Horizon));
        Assert.That(result.Kl, Is.GreaterThanOrEqualTo(0).And.LessThanOrEqualTo(1.1 * result.KlBound));
        Assert.That(result.Kl > 0.9 * result.KlBound || result.Eta <= 1.001e-8, $"KL {result.Kl} at η = {result.Eta}");
        if (entropyWeight == 0) Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
    }

    [Test]
    public void The_divergence_is_that_of_sampled_episodes([Values(2, 5)] int seed, [Values(0.05, 1)] double epsilon)
    {
        var system = new LinearSystem((ulong)seed, 8, 3, 2);
        IlqgResult result = Step(system, Settings with { KlStep = epsilon });
        const int episodes = 3000;
        var moments = new SampleMoments(1);
        double[] mean = new double[2];
        for (ulong e = 0; e < episodes; e++)
        {
            double sum = 0;
            system.Simulate(result.Controller!, e, (t, s, u) =>
            {
                result.Controller!.Mean(t, s, mean);
                sum += SmallMatrices.LogDensity(u, mean, result.Controller.CovarianceAt(t));
                system.Previous.Mean(t, s, mean);
                sum -= SmallMatrices.LogDensity(u, mean, system.Previous.CovarianceAt(t));
            });
            moments.Add([sum]);
        }
        Assert.That(result.Kl, Is.EqualTo(moments.Mean[0]).Within(Tolerances.SampledMean(Math.Sqrt(moments.Covariance()[0]), episodes)));
    }

    [Test]
    public void Both_costs_are_those_of_sampled_episodes()
    {
        var system = new LinearSystem(9, 10, 4, 2);
        IlqgResult result = Step(system, Settings);
        foreach ((LinearGaussianController controller, double expected) in
            new[] { (system.Previous, result.PreviousCost), (result.Controller!, result.PredictedCost) })
        {
            const int episodes = 4000;
            var moments = new SampleMoments(1);
            for (ulong e = 0; e < episodes; e++) moments.Add([system.Simulate(controller, e)]);
            Assert.That(expected, Is.EqualTo(moments.Mean[0]).Within(Tolerances.SampledMean(Math.Sqrt(moments.Covariance()[0]), episodes)));
        }
    }

    [Test]
    public void The_controller_is_a_stationary_point_of_cost_entropy_and_divergence([Values(0, 0.1)] double entropyWeight)
    {
        // L = E[C] − c H + η KL by its controller's numbers: no difference changes it in the first order
        var system = new LinearSystem(4, 6, 3, 2);
        IlqgResult result = Step(system, Settings with { EntropyWeight = entropyWeight });
        LinearGaussianController best = result.Controller!;
        double[][] numbers = [best.Gain.ToArray(), best.Offset.ToArray(), best.Covariance.ToArray()];
        double least = Lagrangian();
        for (int part = 0; part < 3; part++)
            for (int i = 0; i < numbers[part].Length; i += 1 + part % 2)
            {
                // a covariance stays symmetric
                int mirror = part == 2 ? i / 4 * 4 + i % 2 * 2 + i / 2 % 2 : i;
                double up = Moved(part, i, mirror, 1e-4), down = Moved(part, i, mirror, -1e-4);
                Assert.That((up - down) / 2e-4, Is.EqualTo(0).Within(1e-4 * (1 + Math.Abs(least))), $"part {part}, number {i}");
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
            var controller = new LinearGaussianController(6, 3, 2, numbers[0], numbers[1], numbers[2]);
            TrajectoryDistribution trajectory = TrajectoryDistribution.Of(system.Model, system.StartMean, system.StartCovariance, controller);
            double cost = trajectory.ExpectedCost(QuadraticCost.About(system, trajectory.Mean));
            double divergence = TrajectoryKl.Of(controller, system.Previous, trajectory);
            return cost + result.Eta * divergence - (entropyWeight > 0 ? entropyWeight * controller.Entropy() : 0);
        }
    }

    [Test]
    public void Without_the_divergence_the_step_is_the_riccati_solution(
        [Values(1, 2, 31)] int horizon, [Values(1, 4, 7)] int state, [Values(1, 3)] int action, [Values(0.5, 0.95, 1.1)] double radius)
    {
        var system = new LinearSystem(3, horizon, state, action, radius);
        var problem = new LqrProblem(
            system.Model, system.StartMean, system.StartCovariance, system.Previous, new IlqgSettings { LeastNoise = 0 });
        LinearGaussianController controller = problem.Candidate(problem.Expanded(system.Previous, system)!.Quadratic, eta: 0)!.Controller;
        (double[,] K, double[] k)[] expected = system.Riccati();
        Assert.That(controller.Gain.ToArray(), Is.EqualTo(expected.SelectMany(e => e.K.Cast<double>())).Within(Tolerances.Riccati));
        Assert.That(controller.Offset.ToArray(), Is.EqualTo(expected.SelectMany(e => e.k)).Within(Tolerances.Riccati));
        Assert.That(controller.Covariance.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_bound_without_limit_leads_to_the_riccati_solution()
    {
        var system = new LinearSystem(8, 9, 4, 2);
        IlqgResult result = Step(system, Settings with { KlStep = 1e6 });
        double[] expected = [.. system.Riccati().SelectMany(e => e.K.Cast<double>())];
        Assert.That(result.Controller!.Gain.ToArray(), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void An_indefinite_hessian_is_held_by_the_divergence()
    {
        var system = new LinearSystem(3, 12, 4, 2, indefinite: true);
        Assert.That(Eigenvalues.Least(system.H, 6), Is.Negative);
        IlqgResult result = Step(system, Settings);
        Assert.That(result.Reason, Is.Null);
        Assert.That(result.Kl, Is.LessThanOrEqualTo(1.1 * result.KlBound));
        Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
    }

    [Test]
    public void Rewards_of_any_size_give_the_same_controller([Values(1e-6, 1e6)] double scale)
    {
        // η bears the scale
        double[] gains = Gains(1), scaled = Gains(scale);
        Assert.That(scaled, Is.EqualTo(gains).Within(0.05 * gains.Max(Math.Abs)));

        static double[] Gains(double scale)
        {
            var planner = new IlqgPlanner(Settings);
            var system = new LinearSystem(3, 12, 4, 2, scale: scale);
            IlqgResult result = planner.Step(system.Model, system.StartMean, system.StartCovariance, system, system.Previous);
            Assert.That(result.Reason, Is.Null);
            return result.Controller!.Gain.ToArray();
        }
    }

    [TestCase(2, 10, true)]
    [TestCase(2, 150, false)]
    [TestCase(1e30, 60, false)]
    public void An_unstable_plant_is_held_or_refused(double radius, int horizon, bool held)
    {
        var system = new LinearSystem(3, horizon, 4, 2, radius);
        IlqgResult result = Step(system, Settings);
        Assert.That(result.Controller != null, Is.EqualTo(held), $"{result}");
        if (held)
            Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
        else
            Assert.That(result.Reason, Does.Contain("under the fitted model"));
    }

    private static IEnumerable<(TimeVaryingModel Model, double[] Start, double[] Spread, LinearGaussianController Previous, string Reason)> Broken()
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
            yield return (model, start, spread, new(5, 3, 2, Spoilt(p.Gain), p.Offset.ToArray(), p.Covariance.ToArray()), "controller is not finite");
        }
        yield return (model with { F = [.. model.F.Select(f => 1e200 * f)] }, start, spread, p, "not finite");
        yield return (model, start, spread, new LinearSystem(2, 6, 3, 2).Previous, "6 steps");
        yield return (model with { N = new double[3] }, start, spread, p, "3 ");
    }

    [Test]
    public void What_is_broken_is_refused_with_its_reason_and_the_old_controller_stays()
    {
        foreach (var (model, start, spread, previous, reason) in Broken())
        {
            var system = new LinearSystem(2, 5, 3, 2);
            var planner = new IlqgPlanner(Settings);
            LinearGaussianController good = planner.Step(system.Model, system.StartMean, system.StartCovariance, system, system.Previous).Controller!;
            byte[] before = Saved(planner);
            IlqgResult result = planner.Step(model, start, spread, system, previous);
            Assert.That(result.Controller, Is.Null, reason);
            Assert.That(result.Reason, Does.Contain(reason));
            Assert.That(planner.Controller, Is.SameAs(good));
            Assert.That(Saved(planner), Is.EqualTo(before));
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
        LinearGaussianController silent = LinearGaussianController.Constant(10, 3, [0, 0], 0);
        IlqgResult result = new IlqgPlanner(Settings with { LeastNoise = 0.1 })
            .Step(system.Model, system.StartMean, system.StartCovariance, system, silent);
        Assert.That(result.Reason, Is.Null);
        for (int t = 0; t < 10; t++)
            Assert.That(Eigenvalues.Least(result.Controller!.CovarianceAt(t), 2), Is.GreaterThan(0.01 * (1 - 1e-9)));
        IlqgResult refused = new IlqgPlanner(Settings with { LeastNoise = 0 })
            .Step(system.Model, system.StartMean, system.StartCovariance, system, silent);
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
        IlqgResult first = Step(planner, null);
        Assert.That(planner.StepMultiplier, Is.EqualTo(1));
        // half of the improvement came
        IlqgResult second = Step(planner, 0.5 * (first.PreviousCost + first.PredictedCost));
        Assert.That(planner.StepMultiplier, Is.EqualTo(1).Within(1e-12));
        // none came
        IlqgResult third = Step(planner, second.PreviousCost);
        Assert.That(planner.StepMultiplier, Is.EqualTo(0.5).Within(1e-12));
        Assert.That(third.KlBound, Is.EqualTo(0.5 * first.KlBound).Within(1e-9));

        IlqgResult Step(IlqgPlanner planner, double? measured) =>
            planner.Step(system.Model, system.StartMean, system.StartCovariance, system, system.Previous, measured);
    }

    [Test]
    public void A_planner_that_was_saved_goes_on_bitwise()
    {
        var system = new LinearSystem(7, 10, 3, 2);
        IlqgPlanner planner = new(Settings), other = new(Settings);
        other.Load(new BinaryReader(new MemoryStream(Saved(planner))));
        Assert.That(Saved(other), Is.EqualTo(Saved(planner)), "before the first step");
        planner.Step(system.Model, system.StartMean, system.StartCovariance, system, system.Previous);
        other.Load(new BinaryReader(new MemoryStream(Saved(planner))));
        foreach (IlqgPlanner p in new[] { planner, other })
            p.Step(system.Model, system.StartMean, system.StartCovariance, system, planner == p ? p.Controller! : other.Controller!, 12.5);
        Assert.That(Saved(other), Is.EqualTo(Saved(planner)));
        Assert.That(other.StepMultiplier, Is.Not.EqualTo(1));
    }

    [TestCase("ilqg_kl_step", 0)]
    [TestCase("ilqg_kl_step", double.NaN)]
    [TestCase("ilqg_entropy", -1)]
    [TestCase("ilqg_least_noise", -1)]
    [TestCase("ilqg_most_noise", 0.01)]
    public void A_setting_out_of_range_is_named(string name, double value)
    {
        IlqgSettings settings = name switch
        {
            "ilqg_kl_step" => new() { KlStep = value },
            "ilqg_entropy" => new() { EntropyWeight = value },
            "ilqg_least_noise" => new() { LeastNoise = value },
            _ => new() { MostNoise = value },
        };
        Assert.That(() => new IlqgPlanner(settings), Throws.ArgumentException.With.Message.Contains(name));
    }

    private static IlqgResult Step(LinearSystem system, IlqgSettings settings) =>
        new IlqgPlanner(settings).Step(system.Model, system.StartMean, system.StartCovariance, system, system.Previous);

    private static byte[] Saved(IlqgPlanner planner)
    {
        var stream = new MemoryStream();
        planner.Save(new BinaryWriter(stream));
        return stream.ToArray();
    }
}
