namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Dynamics and cost around a plan, step by step: δx′ = F [δx; δu], C + gᵀ[δx; δu] + ½ [δx; δu]ᵀ H [δx; δu]; and the cost of the last state.
/// </summary>
internal sealed class PlanExpansion
{
    private readonly PlanTeam _team;
    private readonly TransitionDerivatives[] _differences;
    private readonly double[] _jacobians, _gradients, _hessians, _rest;
    private readonly bool[] _finite;
    private readonly Action<int, int> _expand;
    private PlanTrajectory? _plan;
    private double _endWeight;

    /// <param name="team">Threads with their models.</param>
    /// <param name="capacity">Most steps of a plan.</param>
    /// <param name="step">ε of the differences.</param>
    public PlanExpansion(PlanTeam team, int capacity, double step)
    {
        IPlanModel model = team.Models[0];
        _team = team;
        (Tangent, Action) = (model.Tangent, model.Action);
        _differences = [.. team.Models.Select(m => new TransitionDerivatives(m, step))];
        _jacobians = new double[capacity * Tangent * Width];
        (_gradients, _hessians) = (new double[(capacity + 1) * Width], new double[(capacity + 1) * Width * Width]);
        (_rest, _finite) = (new double[Action], new bool[capacity + 1]);
        _expand = Expand;
    }

    /// <summary>Size S of δx.</summary>
    public int Tangent { get; }

    /// <summary>Size A of δu.</summary>
    public int Action { get; }

    /// <summary>S + A.</summary>
    public int Width => Tangent + Action;

    /// <summary>[S, S + A], F of step k.</summary>
    public Span<double> Jacobian(int k) => _jacobians.AsSpan(k * Tangent * Width, Tangent * Width);

    /// <summary>[S + A], g of step k; of the last state for k = H.</summary>
    public Span<double> Gradient(int k) => _gradients.AsSpan(k * Width, Width);

    /// <summary>[S + A, S + A], H of step k; of the last state for k = H.</summary>
    public Span<double> Hessian(int k) => _hessians.AsSpan(k * Width * Width, Width * Width);

    /// <summary>Expands around a plan.</summary>
    /// <param name="plan">The plan, simulated.</param>
    /// <param name="endWeight">Factor on the cost of the last state.</param>
    /// <returns>False where a number is not finite.</returns>
    public bool Around(PlanTrajectory plan, double endWeight)
    {
        (_plan, _endWeight) = (plan, endWeight);
        _team.Run(plan.Length + 1, _expand);
        return !_finite.AsSpan(0, plan.Length + 1).Contains(false);
    }

    private void Expand(int k, int worker)
    {
        PlanTrajectory plan = _plan!;
        IPlanModel model = _team.Models[worker];
        Span<double> gradient = Gradient(k), hessian = Hessian(k);
        if (k < plan.Length)
        {
            model.Expand(plan.State(k), plan.Action(k), gradient, hessian);
            _finite[k] = _differences[worker].Compute(plan.State(k), plan.Action(k), plan.State(k + 1), Jacobian(k));
        }
        else
        {
            // the last state has a cost of its own, and no action
            model.Expand(plan.State(k), _rest, gradient, hessian);
            foreach (ref double g in gradient) g *= _endWeight;
            foreach (ref double h in hessian) h *= _endWeight;
            _finite[k] = true;
        }
        _finite[k] &= PlanningMatrix.IsFinite(gradient) && PlanningMatrix.IsFinite(hessian);
    }
}
