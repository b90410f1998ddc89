using Naf.Host.Planning;
using Naf.Host.Planning.Mpc;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>MuJoCo's dynamics for the planner: state displacements, derivatives of a step, cost near a bound.</summary>
internal sealed class TransitionDerivativesTests
{
    [TestCase("ant", 3)]
    [TestCase("rod", 0)]
    public void Displacements_are_those_of_the_state_coordinates(string name, int turn)
    {
        using ControlTask task = ContractTasks.Load(name);
        using MujocoPlanModel model = Model(task);
        double[] state = Moving(task, 5, 20), other = Moving(task, 6, 31), difference = new double[model.Tangent];
        model.Difference(state, other, difference);

        // independent computation: rotation vectors about the first state's orientation
        int nq = task.Model.Nq, nv = task.Model.Nv;
        var coordinates = new StateCoordinates(
            task.Definition.Observation.Tree with { Qpos0 = [.. state.AsSpan(1, nq)] });
        double[] from = new double[2 * nv], to = new double[2 * nv];
        coordinates.ToState(state.AsSpan(1, nq), state.AsSpan(1 + nq, nv), from);
        coordinates.ToState(other.AsSpan(1, nq), other.AsSpan(1 + nq, nv), to);
        Assert.That(difference, Is.EqualTo(to.Zip(from, (a, b) => a - b)).Within(1e-12));
        Assert.That(Math.Abs(difference[turn]) + Math.Abs(difference[turn + 1]), Is.GreaterThan(0.01), "it has turned");

        double[] moved = new double[state.Length], back = new double[model.Tangent];
        for (int d = 0; d < model.Tangent; d++)
        {
            model.Displace(state, d, 0.03, moved);
            model.Difference(state, moved, back);
            Assert.That(back, Is.EqualTo(Enumerable.Range(0, model.Tangent).Select(i => i == d ? 0.03 : 0))
                .Within(1e-12));
        }
    }

    // Runge-Kutta with and without a free joint, Euler, implicit; the ant in the air, since beginning or ending
    // contacts have no derivative
    [Test]
    public void Derivatives_foretell_a_step_from_a_state_displaced_any_way(
        [Values("cartpole", "reacher", "swimmer6", "ant", "rod")] string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using MujocoPlanModel model = Model(task);
        int s = model.Tangent, a = model.Action, width = s + a;
        double[] state = Moving(task, 5, 9), u = [.. Enumerable.Range(0, a).Select(i => 0.4 * Math.Cos(i))];
        double[] next = new double[state.Length], jacobian = new double[s * width];
        if (name == "ant") state[1 + 2] += 1;
        Assert.That(model.Step(state, u, next));
        Assert.That(new TransitionDerivatives(model, 1e-6).Compute(state, u, next, jacobian));

        double[] high = new double[state.Length], low = new double[state.Length], change = new double[s];
        for (uint draw = 0; draw < 5; draw++)
        {
            const double Size = 1e-4;
            double[] direction = [.. Enumerable.Range(0, width)
                .Select(i => Philox.Normal(3, RandomStream.TestReset, draw, (uint)i))];
            Assert.That(model.Step(Displaced(model, state, direction, Size),
                [.. u.Select((v, j) => v + Size * direction[s + j])], high));
            Assert.That(model.Step(Displaced(model, state, direction, -Size),
                [.. u.Select((v, j) => v - Size * direction[s + j])], low));
            model.Difference(low, high, change);
            for (int i = 0; i < s; i++)
            {
                double expected = Enumerable.Range(0, width).Sum(j => jacobian[i * width + j] * direction[j]);
                Assert.That(change[i] / (2 * Size), Is.EqualTo(expected).Within(2e-4 * (1 + Math.Abs(expected))),
                    $"coordinate {i}");
            }
        }
    }

    [Test]
    public void At_its_limit_an_action_is_differenced_inwards()
    {
        using ControlTask task = ControlTask.Load("reacher");
        using MujocoPlanModel model = Model(task);
        int s = model.Tangent, width = s + model.Action;
        double[] state = Moving(task, 5, 9), next = new double[state.Length], free = new double[s * width],
            atLimit = new double[s * width];
        var derivatives = new TransitionDerivatives(model, 1e-6);
        foreach (double side in new[] { -1.0, 1.0 })
        {
            double[] inside = [.. Enumerable.Repeat(side * 0.999, 3)], limit = [.. Enumerable.Repeat(side, 3)];
            model.Step(state, inside, next);
            derivatives.Compute(state, inside, next, free);
            model.Step(state, limit, next);
            derivatives.Compute(state, limit, next, atLimit);
            for (int i = s / 2; i < s; i++)
                for (int j = 0; j < 3; j++)
                    Assert.That(atLimit[i * width + s + j],
                        Is.EqualTo(free[i * width + s + j]).Within(1e-3).And.Not.Zero);
        }
    }

    [Test]
    public void A_bound_costs_its_weight_where_it_is_and_nothing_far_inside()
    {
        var penalty = new BoundPenalty(
            [new TerminationBound(0, 0.8, 2), new TerminationBound(1, 0.5, double.PositiveInfinity)], 3);
        Assert.That(penalty.Value([1.4, 0.9]), Is.Zero);
        Assert.That(penalty.Value([0.92, 0.55]), Is.Zero, "a tenth inside");
        Assert.That(penalty.Value([0.8, 0.9]), Is.EqualTo(3).Within(1e-12));
        Assert.That(penalty.Value([2, 0.9]), Is.EqualTo(3).Within(1e-12));
        Assert.That(penalty.Value([1.4, 0.5]), Is.EqualTo(3).Within(1e-12));
        Assert.That(penalty.Value([1.4, 0.45]), Is.EqualTo(12).Within(1e-12));

        foreach (double[] x in new double[][] { [0.7, 0.4], [2.1, 0.9], [0.9, 0.52], [1.4, 2] })
        {
            double[] gradient = [1, 2], hessian = [1, 0, 0, 0, 1, 0, 0, 0, 1];
            penalty.Add(x, gradient, hessian, 3);
            for (int i = 0; i < 2; i++)
            {
                double At(double shift) => penalty.Value([x[0] + (i == 0 ? shift : 0), x[1] + (i == 1 ? shift : 0)]);
                Assert.That(gradient[i] - 1 - i, Is.EqualTo((At(1e-6) - At(-1e-6)) / 2e-6).Within(1e-6));
                Assert.That(hessian[i * 4] - 1, Is.EqualTo((At(1e-4) - 2 * At(0) + At(-1e-4)) / 1e-8).Within(1e-3));
            }
        }
    }

    [Test]
    public void The_cost_of_a_plan_has_the_bounds_with_derivatives()
    {
        using ControlTask task = ControlTask.Load("walker2d");
        using MujocoPlanModel model = Model(task);
        double[] state = Moving(task, 5, 3), u = new double[6];
        // leaning by 0.98 rad, near the bound of 1, and low
        (state[1 + 1], state[1 + 2]) = (-0.45, 0.98);
        int n = model.Tangent + 6;
        double[] gradient = new double[n], hessian = new double[n * n], moved = new double[state.Length];
        double value = model.Expand(state, u, gradient, hessian);
        Assert.That(value, Is.EqualTo(model.Cost(state, u)).And.GreaterThan(0.4));
        for (int d = 0; d < model.Tangent; d++)
        {
            model.Displace(state, d, 1e-6, moved);
            double high = model.Cost(moved, u);
            model.Displace(state, d, -1e-6, moved);
            Assert.That(gradient[d], Is.EqualTo((high - model.Cost(moved, u)) / 2e-6)
                .Within(1e-5 * (1 + Math.Abs(gradient[d]))));
        }
        Assert.That(Eigenvalues.Least(hessian, n), Is.GreaterThanOrEqualTo(-1e-9));
    }

    private static MujocoPlanModel Model(ControlTask task) => new(task, 1);

    /// <summary>The simulator's state after some random steps of an episode.</summary>
    private static double[] Moving(ControlTask task, ulong episode, int steps)
    {
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, episode);
        double[] u = new double[task.ActionSize], state = new double[environment.Data.StateSize];
        for (int t = 0; t < steps; t++)
        {
            for (int i = 0; i < u.Length; i++)
                u[i] = 2 * Philox.Uniform(episode, RandomStream.RandomPolicy, (ulong)t, (uint)i) - 1;
            environment.Step(u);
        }
        environment.SaveSimulation(state);
        return state;
    }

    private static double[] Displaced(MujocoPlanModel model, double[] state, double[] direction, double size)
    {
        double[] from = state, moved = new double[state.Length];
        for (int d = 0; d < model.Tangent; d++)
        {
            model.Displace(from, d, size * direction[d], moved);
            from = [.. moved];
        }
        return from;
    }
}
