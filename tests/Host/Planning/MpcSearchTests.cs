using Naf.Gpu.Cpu;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;

namespace Naf.Tests;

/// <summary>The planner's search on a linear-quadratic problem, against descent over whole action sequences.</summary>
internal sealed class MpcSearchTests
{
    private const int Steps = 7, State = 3, Action = 2;

    // finite differences of 1e-6 on a linear system have an error of 1e-10
    private const double Differenced = 1e-8;

    private static readonly MpcSettings Alone = new() { Samples = 0, ColdPlans = 0, LeastRegularisation = 1e-12 };

    private static readonly double[] Start = [0.2, -0.1, 0.15];

    [Test]
    public void One_iteration_solves_the_linear_quadratic_problem([Values(1, 2, 3)] int seed)
    {
        using var rig = new Rig(seed, Alone);
        double[] plan = rig.Begin(Start, 1), optimum = rig.Model.Optimum(Start, Steps, double.PositiveInfinity);
        Assert.That(optimum.Max(Math.Abs), Is.LessThan(1), "no bound is in the way");
        Assert.That(plan, Is.EqualTo(optimum).Within(Differenced));
        Assert.That(rig.Search.Plan.Cost, Is.EqualTo(rig.Model.Total(Start, optimum)).Within(Differenced));
        Assert.That(rig.Search.Statistics, Is.EqualTo(new MpcStatistics(1, 0, 0)));
    }

    [Test]
    public void Actions_stay_in_their_bounds_and_are_the_best_there([Values(1, 2, 3)] int seed)
    {
        using var rig = new Rig(seed, Alone);
        double[] start = [4, -3, 5], plan = rig.Begin(start, 40), optimum = rig.Model.Optimum(start, Steps, 1);
        Assert.That(optimum.Count(u => Math.Abs(u) == 1), Is.GreaterThan(2), "bounds are in the way");
        Assert.That(plan, Is.All.InRange(-1, 1));
        Assert.That(rig.Search.Plan.Cost,
            Is.EqualTo(rig.Model.Total(start, optimum)).Within(1e-6 * rig.Search.Plan.Cost));
        Assert.That(plan, Is.EqualTo(optimum).Within(1e-3));
    }

    [Test]
    public void The_expected_improvement_is_the_actual_one()
    {
        using var rig = new Rig(1, Alone);
        PlanTrajectory plan = new(rig.Model, Steps) { Length = Steps }, changed = new(rig.Model, Steps);
        foreach (PlanTrajectory t in new[] { plan, changed }) Start.CopyTo(t.State(0));
        plan.Simulate(rig.Model, 1);
        var expansion = new PlanExpansion(rig.Team, Steps, 1e-6);
        var law = new FeedbackLaw(Steps, State, Action);
        var backward = new MpcBackwardPass(State, Action);
        Assert.That(expansion.Around(plan, 1));
        Assert.That(backward.Run(plan, expansion, 0, law));
        foreach (double alpha in new[] { 1, 0.4, 0.01 })
        {
            changed.Follow(rig.Model, plan, law, alpha, Steps, 1);
            double expected = alpha * (backward.Expected.Linear + alpha * backward.Expected.Quadratic);
            Assert.That(changed.Cost - plan.Cost, Is.EqualTo(expected).Within(Differenced));
            Assert.That(expected, Is.LessThan(0));
        }
    }

    [Test]
    public void From_another_state_than_planned_the_feedback_is_optimal_without_any_iteration()
    {
        using var rig = new Rig(5, Alone);
        rig.Begin(Start, 2);
        double[] elsewhere = [0.1, 0.12, -0.05];
        rig.Search.Continue(elsewhere, 0, Steps, 1, default);
        Assert.That(rig.Actions, Is.EqualTo(rig.Model.Optimum(elsewhere, Steps, 10)).Within(Differenced));
    }

    [Test]
    public void A_plan_goes_on_where_the_last_one_ends()
    {
        using var rig = new Rig(6, Alone);
        double[] before = rig.Begin(Start, 1), later = rig.Search.Plan.State(2).ToArray();
        rig.Search.Continue(later, 2, Steps, 1, default);
        double[] shifted = [.. before[(2 * Action)..], .. before[^Action..], .. before[^Action..]];
        Assert.That(rig.Actions, Is.EqualTo(shifted).Within(Tolerances.ByHand));

        // and is shorter near the end of the episode
        rig.Search.Continue(later, 0, 3, 0, default);
        Assert.That(rig.Actions, Is.EqualTo(shifted[..(3 * Action)]).Within(Tolerances.ByHand));
    }

    [Test]
    public void A_candidate_that_leaves_the_finite_numbers_is_no_plan()
    {
        // 0.9 is close to the limit: most random plans exceed it
        using var rig = new Rig(2, new MpcSettings { Samples = 20, ColdPlans = 40 }, limit: 1);
        rig.Begin([0.9, 0.2, -0.3], 10);
        Assert.That(rig.Search.Plan.Cost, Is.LessThan(double.PositiveInfinity));
        for (int k = 0; k < Steps; k++) Assert.That(Math.Abs(rig.Search.Plan.State(k)[0]), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void Where_nothing_is_finite_the_shifted_plan_stays()
    {
        using var rig = new Rig(2, new MpcSettings { Samples = 5, ColdPlans = 5 }, limit: 1);
        double[] before = rig.Begin([0.1, 0.2, -0.1], 3);
        foreach (double[] start in new double[][] { [7, 0, 0], [double.NaN, 0, 0] })
        {
            rig.Search.Continue(start, 0, Steps, 1, new PlanNoise(1, 0, 1, 1));
            rig.Search.Improve(3);
            Assert.That(rig.Actions, Is.EqualTo(before));
            Assert.That(rig.Search.Plan.Cost, Is.EqualTo(double.PositiveInfinity));
        }

        // and can be used again
        rig.Search.Continue([0.1, 0.2, -0.1], 0, Steps, 1, new PlanNoise(1, 0, 2, 1));
        Assert.That(rig.Search.Plan.Cost, Is.LessThan(1));
    }

    [Test]
    public void A_search_nobody_can_improve_keeps_its_plan()
    {
        using var rig = new Rig(1, Alone with { Samples = 4 });
        Assert.That(rig.Begin(new double[State], 3), Is.All.Zero, "at rest where it costs nothing");
        Assert.That(rig.Search.Statistics, Is.EqualTo(new MpcStatistics(0, 0, 3)));
    }

    private sealed class Rig : IDisposable
    {
        private readonly WorkTeam _team = new(1);

        public Rig(int seed, MpcSettings settings, double limit = double.PositiveInfinity)
        {
            Team = new PlanTeam(_team, () => new LinearPlanModel((ulong)seed, State, Action, limit));
            Search = new MpcSearch(Team, Steps, settings);
        }

        public LinearPlanModel Model => (LinearPlanModel)Team.Models[0];

        public PlanTeam Team { get; }

        public MpcSearch Search { get; }

        public double[] Actions => Search.Plan.Actions.ToArray();

        public double[] Begin(double[] start, int iterations)
        {
            Search.Begin(start, Steps, 1, new PlanNoise(1, 0, 0, 1));
            Search.Improve(iterations);
            return Actions;
        }

        public void Dispose()
        {
            Team.Dispose();
            _team.Dispose();
        }
    }
}
