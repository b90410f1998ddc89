namespace Naf.Host.Planning.Mpc;

/// <summary>
/// The backward pass of iLQG with box constraints (Tassa, Mansard and Todorov 2014): from the last state to the first, Q = C + V(f), the change k of
/// the action that minimises Q within its limits, the gain K of its free entries, and the value V that follows.
/// </summary>
internal sealed class MpcBackwardPass
{
    private readonly int _s, _a;
    private readonly BoxQuadratic _box;
    private readonly double[] _vx, _vxx, _q, _qq, _vf, _regular, _low, _high, _column, _quuk, _t;

    /// <param name="tangent">Size S of δx.</param>
    /// <param name="action">Size A of δu.</param>
    public MpcBackwardPass(int tangent, int action)
    {
        (_s, _a) = (tangent, action);
        int width = tangent + action;
        _box = new BoxQuadratic(action);
        (_vx, _vxx) = (new double[tangent], new double[tangent * tangent]);
        (_q, _qq, _vf) = (new double[width], new double[width * width], new double[tangent * width]);
        (_regular, _low, _high) = (new double[action * action], new double[action], new double[action]);
        (_column, _quuk, _t) = (new double[action], new double[action], new double[action * tangent]);
    }

    /// <summary>Σ kᵀQ_u and Σ ½ kᵀQ_uu k: the cost that α k is expected to change by is their sum, α and α² times.</summary>
    public (double Linear, double Quadratic) Expected { get; private set; }

    /// <summary>Computes the change of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="expansion">Dynamics and cost around it.</param>
    /// <param name="mu">μ, added to the diagonal of Q_uu.</param>
    /// <param name="law">Receives k and K.</param>
    /// <returns>False where Q_uu + μI is not positive definite, or a number is not finite.</returns>
    public bool Run(PlanTrajectory plan, PlanExpansion expansion, double mu, FeedbackLaw law)
    {
        Expected = (0, 0);
        int last = plan.Length;
        expansion.Gradient(last)[.._s].CopyTo(_vx);
        for (int i = 0; i < _s; i++) expansion.Hessian(last).Slice(i * (_s + _a), _s).CopyTo(_vxx.AsSpan(i * _s));
        for (int k = last - 1; k >= 0; k--)
        {
            Expand(expansion, k);
            if (!Minimise(plan.Action(k), mu, k == last - 1 ? default : law.Open(k + 1), law.Open(k))) return false;
            Feed(law.Gain(k));
            Value(law.Open(k), law.Gain(k));
        }
        return double.IsFinite(Expected.Linear) && double.IsFinite(Expected.Quadratic)
            && PlanningMatrix.IsFinite(_vx) && PlanningMatrix.IsFinite(_vxx);
    }

    /// <summary>q = g + Fᵀ V_x, Q = H + Fᵀ V_xx F, both over [δx; δu].</summary>
    private void Expand(PlanExpansion expansion, int k)
    {
        int width = _s + _a;
        ReadOnlySpan<double> f = expansion.Jacobian(k);
        expansion.Gradient(k).CopyTo(_q);
        for (int i = 0; i < _s; i++) PlanningMatrix.Add(_vx[i], f.Slice(i * width, width), _q);
        Array.Clear(_vf);
        PlanningMatrix.AddProduct(_vxx, f, _vf, _s, _s, width);
        expansion.Hessian(k).CopyTo(_qq);
        PlanningMatrix.AddTransposedProduct(f, _vf, _qq, width, _s, width);
    }

    /// <summary>k = argmin ½ kᵀ(Q_uu + μI) k + Q_uᵀ k over −1 ≤ u + k ≤ 1, from the next step's as a guess.</summary>
    private bool Minimise(ReadOnlySpan<double> u, double mu, ReadOnlySpan<double> guess, Span<double> k)
    {
        for (int i = 0; i < _a; i++)
        {
            for (int j = 0; j < _a; j++) _regular[i * _a + j] = Quu(i, j) + (i == j ? mu : 0);
            (_low[i], _high[i]) = (-1 - u[i], 1 - u[i]);
            k[i] = guess.IsEmpty ? 0 : guess[i];
        }
        return _box.Solve(_regular, _q.AsSpan(_s), _low, _high, k);
    }

    /// <summary>K = −(Q_uu + μI)⁻¹ Q_ux of the entries that the box leaves free, 0 of the others.</summary>
    private void Feed(Span<double> gain)
    {
        int width = _s + _a;
        for (int d = 0; d < _s; d++)
        {
            for (int i = 0; i < _a; i++) _column[i] = -_qq[(_s + i) * width + d];
            _box.SolveFree(_column);
            for (int i = 0; i < _a; i++) gain[i * _s + d] = _column[i];
        }
    }

    /// <summary>
    /// V_x = Q_x + Kᵀ(Q_uu k + Q_u) + Q_uxᵀ k, V_xx = Q_xx + Kᵀ Q_uu K + Kᵀ Q_ux + Q_uxᵀ K, with Q_uu as it is without μ.
    /// </summary>
    private void Value(ReadOnlySpan<double> k, ReadOnlySpan<double> gain)
    {
        int width = _s + _a;
        ReadOnlySpan<double> q = _q, qq = _qq;
        double linear = 0, quadratic = 0;
        for (int i = 0; i < _a; i++)
        {
            double sum = 0;
            for (int j = 0; j < _a; j++) sum += Quu(i, j) * k[j];
            linear += k[i] * q[_s + i];
            quadratic += 0.5 * k[i] * sum;
            _quuk[i] = sum + q[_s + i];
        }
        Expected = (Expected.Linear + linear, Expected.Quadratic + quadratic);

        q[.._s].CopyTo(_vx);
        for (int i = 0; i < _s; i++) qq.Slice(i * width, _s).CopyTo(_vxx.AsSpan(i * _s));
        for (int i = 0; i < _a; i++)
        {
            // T = Q_uu K + Q_ux, so that V_xx = Q_xx + Kᵀ T + Q_uxᵀ K
            Span<double> t = _t.AsSpan(i * _s, _s);
            ReadOnlySpan<double> qux = qq.Slice((_s + i) * width, _s);
            qux.CopyTo(t);
            for (int j = 0; j < _a; j++) PlanningMatrix.Add(Quu(i, j), gain.Slice(j * _s, _s), t);
            PlanningMatrix.Add(_quuk[i], gain.Slice(i * _s, _s), _vx);
            PlanningMatrix.Add(k[i], qux, _vx);
            for (int d = 0; d < _s; d++)
            {
                Span<double> row = _vxx.AsSpan(d * _s, _s);
                PlanningMatrix.Add(gain[i * _s + d], t, row);
                PlanningMatrix.Add(qux[d], gain.Slice(i * _s, _s), row);
            }
        }
        PlanningMatrix.Symmetrise(_vxx, _s);
    }

    private double Quu(int i, int j) => _qq[(_s + i) * (_s + _a) + _s + j];
}
