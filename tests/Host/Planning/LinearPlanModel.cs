using Naf.Host.Planning.Mpc;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>x′ = Ax + Bu with C = ½ xᵀQx + ½ R|u|² for the planner, as random as a seed makes it; past a limit the dynamics are not finite.</summary>
internal sealed class LinearPlanModel : IPlanModel
{
    private readonly double[] _a, _b, _q;

    public LinearPlanModel(ulong seed, int state, int action, double limit = double.PositiveInfinity)
    {
        (StateSize, Action, Limit) = (state, action, limit);
        _a = [.. Enumerable.Range(0, state * state).Select(i => (i % (state + 1) == 0 ? 0.9 : 0) + 0.2 * Draw(0, i))];
        _b = [.. Enumerable.Range(0, state * action).Select(i => 0.5 * Draw(1, i))];
        _q = [.. Enumerable.Range(0, state).Select(i => 0.5 + Math.Abs(Draw(2, i)))];
        double Draw(ulong what, int i) => Philox.Normal(seed, RandomStream.TestReset, what, (uint)i);
    }

    /// <summary>R.</summary>
    public const double ActionCost = 0.3;

    public int StateSize { get; }

    public int Tangent => StateSize;

    public int Action { get; }

    /// <summary>|x_0| above which a step fails.</summary>
    public double Limit { get; init; }

    public bool Step(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> next)
    {
        for (int i = 0; i < StateSize; i++)
        {
            next[i] = 0;
            for (int j = 0; j < StateSize; j++) next[i] += _a[i * StateSize + j] * state[j];
            for (int j = 0; j < Action; j++) next[i] += _b[i * Action + j] * u[j];
        }
        return Math.Abs(state[0]) <= Limit;
    }

    public void Displace(ReadOnlySpan<double> state, int coordinate, double by, Span<double> moved)
    {
        state.CopyTo(moved);
        moved[coordinate] += by;
    }

    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        for (int i = 0; i < displacement.Length; i++) displacement[i] = to[i] - from[i];
    }

    public double Cost(ReadOnlySpan<double> state, ReadOnlySpan<double> u)
    {
        double sum = 0;
        for (int i = 0; i < StateSize; i++) sum += 0.5 * _q[i] * state[i] * state[i];
        foreach (double entry in u) sum += 0.5 * ActionCost * entry * entry;
        return sum;
    }

    public double Expand(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
    {
        int n = StateSize + Action;
        hessian.Clear();
        for (int i = 0; i < n; i++)
        {
            double weight = i < StateSize ? _q[i] : ActionCost;
            gradient[i] = weight * (i < StateSize ? state[i] : u[i - StateSize]);
            hessian[i * n + i] = weight;
        }
        return Cost(state, u);
    }

    public void Dispose()
    {
    }

    /// <summary>The cost of a whole sequence of actions, with the last state's.</summary>
    public double Total(double[] start, double[] actions)
    {
        double[] x = [.. start], next = new double[StateSize];
        double sum = 0;
        for (int k = 0; k < actions.Length / Action; k++)
        {
            ReadOnlySpan<double> u = actions.AsSpan(k * Action, Action);
            sum += Cost(x, u);
            Step(x, u, next);
            (x, next) = (next, x);
        }
        return sum + Cost(x, new double[Action]);
    }

    /// <summary>
    /// The sequence that costs least in a box, by coordinate descent on the cost of the whole sequence, which is quadratic: an oracle that knows
    /// nothing of time.
    /// </summary>
    public double[] Optimum(double[] start, int steps, double bound)
    {
        double[] u = new double[steps * Action];
        for (int sweep = 0; sweep < 3000; sweep++)
        {
            double moved = 0;
            for (int i = 0; i < u.Length; i++)
            {
                // a parabola through three points
                double was = u[i], middle = Total(start, u);
                u[i] = was + 1;
                double high = Total(start, u);
                u[i] = was - 1;
                double low = Total(start, u), curvature = high - 2 * middle + low;
                u[i] = Math.Clamp(was - 0.5 * (high - low) / curvature, -bound, bound);
                moved = Math.Max(moved, Math.Abs(u[i] - was));
            }
            if (moved < 1e-13) break;
        }
        return u;
    }
}
