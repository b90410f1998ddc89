using Naf.Host.Planning.Mpc;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>A random x′ = Ax + Bu with C = ½ xᵀQx + 0.15 |u|²; a step fails where |x_0| is above a limit.</summary>
internal sealed class LinearPlanModel(ulong seed, int state, int action, double limit) : IPlanModel
{
    private readonly double[] _a =
        [.. Enumerable.Range(0, state * state).Select(i => (i % (state + 1) == 0 ? 0.9 : 0) + 0.2 * Draw(seed, 0, i))];

    private readonly double[] _b = [.. Enumerable.Range(0, state * action).Select(i => 0.5 * Draw(seed, 1, i))];

    // the diagonal of the Hessian of C with respect to [x; u]
    private readonly double[] _weights =
    [
        .. Enumerable.Range(0, state).Select(i => 0.5 + Math.Abs(Draw(seed, 2, i))), .. Enumerable.Repeat(0.3, action),
    ];

    public int StateSize => state;

    public int Tangent => state;

    public int Action => action;

    public bool Step(ReadOnlySpan<double> x, ReadOnlySpan<double> u, Span<double> next)
    {
        for (int i = 0; i < state; i++)
        {
            next[i] = 0;
            for (int j = 0; j < state; j++) next[i] += _a[i * state + j] * x[j];
            for (int j = 0; j < action; j++) next[i] += _b[i * action + j] * u[j];
        }
        return Math.Abs(x[0]) <= limit;
    }

    public void Displace(ReadOnlySpan<double> x, int coordinate, double by, Span<double> moved)
    {
        x.CopyTo(moved);
        moved[coordinate] += by;
    }

    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        for (int i = 0; i < state; i++) displacement[i] = to[i] - from[i];
    }

    public double Cost(ReadOnlySpan<double> x, ReadOnlySpan<double> u)
    {
        double[] z = [.. x, .. u];
        return z.Zip(_weights, (entry, weight) => 0.5 * weight * entry * entry).Sum();
    }

    public double Expand(ReadOnlySpan<double> x, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
    {
        double[] z = [.. x, .. u];
        hessian.Clear();
        for (int i = 0; i < z.Length; i++)
            (gradient[i], hessian[i * (z.Length + 1)]) = (_weights[i] * z[i], _weights[i]);
        return Cost(x, u);
    }

    public void Dispose()
    {
    }

    /// <summary>The cost of a sequence of actions, including the last state's.</summary>
    public double Total(double[] start, double[] actions)
    {
        double[] x = [.. start], next = new double[state];
        double sum = 0;
        foreach (double[] u in actions.Chunk(action))
        {
            sum += Cost(x, u);
            Step(x, u, next);
            (x, next) = (next, x);
        }
        return sum + Cost(x, new double[action]);
    }

    /// <summary>
    /// The optimal sequence in a box, by coordinate descent on the quadratic cost of the whole sequence: an oracle
    /// without recursion over time.
    /// </summary>
    public double[] Optimum(double[] start, int steps, double bound)
    {
        double[] u = new double[steps * action];
        double moved = 1;
        for (int sweep = 0; sweep < 3000 && moved >= 1e-13; sweep++)
        {
            moved = 0;
            for (int i = 0; i < u.Length; i++)
            {
                // fit a parabola through three points
                double was = u[i], middle = Total(start, u), high = At(was + 1), low = At(was - 1);
                At(Math.Clamp(was - 0.5 * (high - low) / (high - 2 * middle + low), -bound, bound));
                moved = Math.Max(moved, Math.Abs(u[i] - was));

                double At(double value)
                {
                    u[i] = value;
                    return Total(start, u);
                }
            }
        }
        return u;
    }

    private static double Draw(ulong seed, ulong what, int i) =>
        Philox.Normal(seed, RandomStream.TestReset, what, (uint)i);
}
