using Naf.Gpu.Cpu;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The planner's search on linear dynamics with a quadratic cost, against a descent over whole sequences of actions.</summary>
public sealed class MpcSearchTests
{
    private const int Steps = 7, State = 3, Action = 2;

    // derivatives of a linear system by differences of 1e-6 err by 1e-10
    private const double Differenced = 1e-8;

    private static readonly MpcSettings Alone = new() { Samples = 0, ColdPlans = 0, LeastRegularisation = 1e-12, MostRegularisation = 1e6 };

    [TestCase(1ul)]
    [TestCase(2ul)]
    [TestCase(3ul)]
    public void One_iteration_solves_the_linear_quadratic_problem(ulong seed)
    {
        using var rig = new Rig(seed, Alone);
        double[] start = [0.2, -0.1, 0.15];
        rig.Search.Begin(start, Steps, 1, default);
        rig.Search.Improve(1);

        double[] optimum = rig.Model.Optimum(start, Steps, double.PositiveInfinity);
        Assert.That(optimum.Max(Math.Abs), Is.LessThan(1), "no bound is in the way");
        Assert.That(rig.Search.Plan.Actions.ToArray(), Is.EqualTo(optimum).Within(Differenced));
        Assert.That(rig.Search.Plan.Cost, Is.EqualTo(rig.Model.Total(start, optimum)).Within(Differenced));
        Assert.That(rig.Search.Statistics, Is.EqualTo(new MpcStatistics(1, 0, 0)));
    }

    [TestCase(1ul)]
    [TestCase(2ul)]
    [TestCase(3ul)]
    public void Actions_stay_in_their_bounds_and_are_the_best_there(ulong seed)
    {
        using var rig = new Rig(seed, Alone);
        double[] start = [4, -3, 5];
        rig.Search.Begin(start, Steps, 1, default);
        rig.Search.Improve(40);
        double[] optimum = rig.Model.Optimum(start, Steps, 1), plan = rig.Search.Plan.Actions.ToArray();
        Assert.That(optimum.Count(u => Math.Abs(u) == 1), Is.GreaterThan(2), "bounds are in the way");
        Assert.That(plan, Is.All.InRange(-1, 1));
        Assert.That(rig.Search.Plan.Cost, Is.EqualTo(rig.Model.Total(start, optimum)).Within(1e-6 * rig.Search.Plan.Cost));
        Assert.That(plan, Is.EqualTo(optimum).Within(1e-3));
    }

    [Test]
    public void The_expected_improvement_is_the_actual_one()
    {
        using var rig = new Rig(1, Alone);
        double[] start = [0.2, -0.1, 0.15];
        var plan = new PlanTrajectory(rig.Model, Steps) { Length = Steps };
        start.CopyTo(plan.State(0));
        plan.Simulate(rig.Model, 1);
        double before = plan.Cost;
        var expansion = new PlanExpansion(rig.Team, Steps, 1e-6);
        var law = new FeedbackLaw(Steps, State, Action);
        var backward = new MpcBackwardPass(State, Action);
        Assert.That(expansion.Around(plan, 1));
        Assert.That(backward.Run(plan, expansion, 0, law));
        var changed = new PlanTrajectory(rig.Model, Steps);
        foreach (double alpha in new[] { 1, 0.4, 0.01 })
        {
            start.CopyTo(changed.State(0));
            changed.Follow(rig.Model, plan, law, alpha, Steps, 1);
            double expected = alpha * (backward.Expected.Linear + alpha * backward.Expected.Quadratic);
            Assert.That(changed.Cost - before, Is.EqualTo(expected).Within(Differenced));
            Assert.That(expected, Is.LessThan(0));
        }
    }

    [Test]
    public void From_another_state_than_planned_the_feedback_is_optimal_without_any_iteration()
    {
        using var rig = new Rig(5, Alone);
        rig.Search.Begin([0.2, -0.1, 0.15], Steps, 1, default);
        rig.Search.Improve(2);
        double[] elsewhere = [0.1, 0.12, -0.05];
        rig.Search.Continue(elsewhere, 0, Steps, 1, default);
        Assert.That(rig.Search.Plan.Actions.ToArray(), Is.EqualTo(rig.Model.Optimum(elsewhere, Steps, 10)).Within(Differenced));
    }

    [Test]
    public void A_plan_goes_on_where_the_last_one_ends()
    {
        using var rig = new Rig(6, Alone);
        rig.Search.Begin([0.2, -0.1, 0.15], Steps, 1, default);
        rig.Search.Improve(1);
        double[] before = rig.Search.Plan.Actions.ToArray(), later = rig.Search.Plan.State(2).ToArray();
        rig.Search.Continue(later, 2, Steps, 1, default);
        double[] shifted = [.. before[(2 * Action)..], .. before[^Action..], .. before[^Action..]];
        Assert.That(rig.Search.Plan.Actions.ToArray(), Is.EqualTo(shifted).Within(Tolerances.ByHand));

        // and is shorter where the episode ends
        rig.Search.Continue(later, 0, 3, 0, default);
        Assert.That(rig.Search.Plan.Actions.ToArray(), Is.EqualTo(shifted[..(3 * Action)]).Within(Tolerances.ByHand));
    }

    [Test]
    public void What_is_found_does_not_depend_on_threads()
    {
        double[][] plans = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            using var rig = new Rig(7, new MpcSettings { Samples = 9, ColdPlans = 11 }, threads);
            var found = new List<double>();
            double[] state = [3, -2, 1];
            for (int step = 0; step < 6; step++)
            {
                var noise = new PlanNoise(3, 1, step, 2);
                if (step == 0) rig.Search.Begin(state, Steps, 1, noise);
                else rig.Search.Continue(state, 1, Steps, 1, noise);
                rig.Search.Improve(2);
                found.AddRange([.. rig.Search.Plan.Actions, rig.Search.Plan.Cost]);
                state = rig.Search.Plan.State(1).ToArray();
            }
            return found.ToArray();
        })];
        Assert.That(plans[1], Is.EqualTo(plans[0]));
        Assert.That(plans[2], Is.EqualTo(plans[0]));
    }

    [Test]
    public void A_candidate_that_leaves_the_finite_numbers_is_no_plan()
    {
        // from 0.9 the limit is near: most random plans pass it
        using var rig = new Rig(2, new MpcSettings { Samples = 20, ColdPlans = 40 }, limit: 1);
        rig.Search.Begin([0.9, 0.2, -0.3], Steps, 1, new PlanNoise(1, 0, 0, 1));
        rig.Search.Improve(10);
        Assert.That(rig.Search.Plan.Cost, Is.LessThan(double.PositiveInfinity));
        for (int k = 0; k < Steps; k++) Assert.That(Math.Abs(rig.Search.Plan.State(k)[0]), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void Where_nothing_is_finite_the_shifted_plan_stays()
    {
        using var rig = new Rig(2, new MpcSettings { Samples = 5, ColdPlans = 5 }, limit: 1);
        rig.Search.Begin([0.1, 0.2, -0.1], Steps, 1, new PlanNoise(1, 0, 0, 1));
        rig.Search.Improve(3);
        double[] before = rig.Search.Plan.Actions.ToArray();
        foreach (double[] start in new double[][] { [7, 0, 0], [double.NaN, 0, 0] })
        {
            rig.Search.Continue(start, 0, Steps, 1, new PlanNoise(1, 0, 1, 1));
            rig.Search.Improve(3);
            Assert.That(rig.Search.Plan.Actions.ToArray(), Is.EqualTo(before));
            Assert.That(rig.Search.Plan.Cost, Is.EqualTo(double.PositiveInfinity));
        }

        // and is of use again
        rig.Search.Continue([0.1, 0.2, -0.1], 0, Steps, 1, new PlanNoise(1, 0, 2, 1));
        Assert.That(rig.Search.Plan.Cost, Is.LessThan(1));
    }

    [Test]
    public void A_search_nobody_can_improve_keeps_its_plan()
    {
        using var rig = new Rig(1, Alone with { Samples = 4 });
        rig.Search.Begin(new double[State], Steps, 1, new PlanNoise(1, 0, 0, 1));
        rig.Search.Improve(3);
        Assert.That(rig.Search.Plan.Actions.ToArray(), Is.All.Zero, "at rest where it costs nothing");
        Assert.That(rig.Search.Statistics, Is.EqualTo(new MpcStatistics(0, 0, 3)));
    }

    private sealed class Rig : IDisposable
    {
        private readonly WorkTeam _team;

        public Rig(ulong seed, MpcSettings settings, int threads = 1, double limit = double.PositiveInfinity)
        {
            Model = new LinearPlanModel(seed, State, Action, limit);
            _team = new WorkTeam(threads);
            Team = new PlanTeam(_team, () => new LinearPlanModel(seed, State, Action, limit));
            Search = new MpcSearch(Team, Steps, settings);
        }

        public LinearPlanModel Model { get; }

        public PlanTeam Team { get; }

        public MpcSearch Search { get; }

        public void Dispose()
        {
            Team.Dispose();
            _team.Dispose();
        }
    }
}
