using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Dynamics and cost around a plan, at each step: δx′ = F [δx; δu], C + gᵀ[δx; δu] + ½ [δx; δu]ᵀ H [δx; δu]; and the
/// cost of the last state.
/// </summary>
internal sealed class PlanExpansion
{
    private readonly PlanTeam _team;
    private readonly TransitionDerivatives[] _differences;
    private readonly double[] _jacobians, _gradients, _hessians, _rest;
    private readonly bool[] _finite;
    private readonly int _s, _width;

    /// <param name="step">ε of the differences.</param>
    public PlanExpansion(PlanTeam team, int capacity, double step)
    {
        IPlanModel model = team.Models[0];
        (_team, _s, _width) = (team, model.Tangent, model.Tangent + model.Action);
        _differences = [.. team.Models.Select(m => new TransitionDerivatives(m, step))];
        _jacobians = new double[capacity * _s * _width];
        (_gradients, _hessians) = (new double[(capacity + 1) * _width], new double[(capacity + 1) * _width * _width]);
        (_rest, _finite) = (new double[model.Action], new bool[capacity + 1]);
    }

    /// <summary>[S, S + A], F of step k.</summary>
    public Span<double> Jacobian(int k) => _jacobians.AsSpan(k * _s * _width, _s * _width);

    /// <summary>[S + A], g of step k; of the last state for k = H.</summary>
    public Span<double> Gradient(int k) => _gradients.AsSpan(k * _width, _width);

    /// <summary>[S + A, S + A], H of step k; of the last state for k = H.</summary>
    public Span<double> Hessian(int k) => _hessians.AsSpan(k * _width * _width, _width * _width);

    /// <param name="plan">The plan, simulated.</param>
    /// <param name="endWeight">Factor on the cost of the last state.</param>
    /// <returns>False if a number is not finite.</returns>
    public bool Around(PlanTrajectory plan, double endWeight)
    {
        _team.Each(plan.Length + 1, (k, worker) => _finite[k] = Expand(plan, endWeight, k, worker));
        return !_finite.AsSpan(0, plan.Length + 1).Contains(false);
    }

    private bool Expand(PlanTrajectory plan, double endWeight, int k, int worker)
    {
        bool finite = true;
        IPlanModel model = _team.Models[worker];
        Span<double> gradient = Gradient(k), hessian = Hessian(k);
        if (k < plan.Length)
        {
            model.Expand(plan.State(k), plan.Action(k), gradient, hessian);
            finite = _differences[worker].Compute(plan.State(k), plan.Action(k), plan.State(k + 1), Jacobian(k));
        }
        else
        {
            // the last state has a cost but no action
            model.Expand(plan.State(k), _rest, gradient, hessian);
            foreach (ref double g in gradient) g *= endWeight;
            foreach (ref double h in hessian) h *= endWeight;
        }
        return finite && Matrix.IsFinite(gradient) && Matrix.IsFinite(hessian);
    }
}
