using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// [∂x′/∂x, ∂x′/∂u] of one control step by one-sided differences in the tangent space: (f(x ⊕ εe, u) ⊖ f(x, u)) / ε.
/// MuJoCo's own derivatives are of a single substep and wrong under its Runge-Kutta integrator. One instance per
/// thread.
/// </summary>
/// <param name="step">ε, in units of state and action.</param>
internal sealed class TransitionDerivatives(IPlanModel model, double step)
{
    private readonly double[] _moved = new double[model.StateSize], _next = new double[model.StateSize];
    private readonly double[] _u = new double[model.Action], _column = new double[model.Tangent];

    /// <param name="state">[StateSize], x.</param>
    /// <param name="u">[Action], in [−1, 1].</param>
    /// <param name="next">[StateSize], f(x, u).</param>
    /// <param name="jacobian">[Tangent, Tangent + Action] row-major, receives the derivatives.</param>
    /// <returns>False if a step is not finite.</returns>
    public bool Compute(
        ReadOnlySpan<double> state, ReadOnlySpan<double> u, ReadOnlySpan<double> next, Span<double> jacobian)
    {
        for (int d = 0; d < model.Tangent; d++)
        {
            model.Displace(state, d, step, _moved);
            if (!model.Step(_moved, u, _next)) return false;
            Write(d, step, next, jacobian);
        }

        // an action is displaced inwards, since beyond its limit it has no effect
        u.CopyTo(_u);
        for (int j = 0; j < u.Length; j++)
        {
            double inwards = u[j] > 0 ? -step : step;
            _u[j] = u[j] + inwards;
            if (!model.Step(state, _u, _next)) return false;
            _u[j] = u[j];
            Write(model.Tangent + j, inwards, next, jacobian);
        }
        return Matrix.IsFinite(jacobian);
    }

    private void Write(int column, double by, ReadOnlySpan<double> next, Span<double> jacobian)
    {
        model.Difference(next, _next, _column);
        int width = model.Tangent + model.Action;
        for (int i = 0; i < _column.Length; i++) jacobian[i * width + column] = _column[i] / by;
    }
}
