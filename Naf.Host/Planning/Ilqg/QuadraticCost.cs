namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// The cost of every time step expanded about a nominal trajectory ẑ_t = [ŝ; û]: C ≈ c_t + g_tᵀ(z − ẑ_t) + ½ (z − ẑ_t)ᵀ H_t (z − ẑ_t).
/// </summary>
internal sealed class QuadraticCost
{
    private readonly double[] _value, _gradient, _hessian;

    private QuadraticCost(int horizon, int input, double[] nominal)
    {
        (Horizon, Input, Nominal) = (horizon, input, nominal);
        (_value, _gradient, _hessian) = (new double[horizon], new double[horizon * input], new double[horizon * input * input]);
    }

    /// <summary>Time steps T.</summary>
    public int Horizon { get; }

    /// <summary>Entries of z = [s; u].</summary>
    public int Input { get; }

    /// <summary>[T, S + A], ẑ.</summary>
    public double[] Nominal { get; }

    /// <summary>Whether every number is finite.</summary>
    public bool IsFinite => PlanningMatrix.IsFinite(_value) && PlanningMatrix.IsFinite(_gradient) && PlanningMatrix.IsFinite(_hessian);

    /// <summary>Expands a cost about a trajectory.</summary>
    /// <param name="cost">C(s, u).</param>
    /// <param name="nominal">[T, S + A]; kept, not copied.</param>
    public static QuadraticCost About(IStageCost cost, double[] nominal)
    {
        int input = cost.State + cost.Action;
        var expansion = new QuadraticCost(nominal.Length / input, input, nominal);
        for (int t = 0; t < expansion.Horizon; t++)
        {
            ReadOnlySpan<double> z = nominal.AsSpan(t * input, input);
            expansion._value[t] = cost.Expand(
                z[..cost.State], z[cost.State..],
                expansion._gradient.AsSpan(t * input, input), expansion._hessian.AsSpan(t * input * input, input * input));
        }
        return expansion;
    }

    /// <summary>g_t, [S + A].</summary>
    public ReadOnlySpan<double> GradientAt(int t) => _gradient.AsSpan(t * Input, Input);

    /// <summary>H_t, [S + A, S + A].</summary>
    public ReadOnlySpan<double> HessianAt(int t) => _hessian.AsSpan(t * Input * Input, Input * Input);

    /// <summary>E[C_t] = c + gᵀ(m − ẑ) + ½ (m − ẑ)ᵀ H (m − ẑ) + ½ tr(H Σ), for z ~ N(m, Σ).</summary>
    /// <param name="t">Time step.</param>
    /// <param name="mean">[S + A], m.</param>
    /// <param name="covariance">[S + A, S + A], Σ.</param>
    public double Expected(int t, ReadOnlySpan<double> mean, ReadOnlySpan<double> covariance)
    {
        Span<double> away = stackalloc double[Input];
        for (int i = 0; i < Input; i++) away[i] = mean[i] - Nominal[t * Input + i];
        ReadOnlySpan<double> h = HessianAt(t);
        return _value[t] + PlanningMatrix.Dot(GradientAt(t), away) + 0.5 * (PlanningMatrix.Quadratic(h, away) + PlanningMatrix.Dot(h, covariance));
    }
}
