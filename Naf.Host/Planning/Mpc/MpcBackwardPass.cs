using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// The backward pass of iLQG with box constraints (Tassa, Mansard and Todorov 2014): from the last state to the first,
/// Q = C + V(f), the change k of the action that minimises Q within its limits, the gain K of its free entries, and the
/// resulting value V.
/// </summary>
/// <param name="s">Size S of δx.</param>
/// <param name="a">Size A of δu.</param>
internal sealed class MpcBackwardPass(int s, int a)
{
    private readonly BoxQuadratic _box = new(a);
    private readonly double[] _vx = new double[s], _vxx = new double[s * s], _t = new double[s];
    private readonly double[] _vf = new double[s * (s + a)];
    private readonly double[] _q = new double[s + a], _qq = new double[(s + a) * (s + a)];
    private readonly double[] _regular = new double[a * a], _low = new double[a], _high = new double[a];

    /// <summary>Σ kᵀQ_u and Σ ½ kᵀQ_uu k: α k is expected to change the cost by α and α² times these.</summary>
    public (double Linear, double Quadratic) Expected { get; private set; }

    /// <param name="mu">μ, added to the diagonal of Q_uu.</param>
    /// <param name="law">Receives k and K.</param>
    /// <returns>False if Q_uu + μI is not positive definite, or a number is not finite.</returns>
    public bool Run(PlanTrajectory plan, PlanExpansion expansion, double mu, FeedbackLaw law)
    {
        Expected = (0, 0);
        int last = plan.Length;
        expansion.Gradient(last)[..s].CopyTo(_vx);
        for (int i = 0; i < s; i++) expansion.Hessian(last).Slice(i * (s + a), s).CopyTo(_vxx.AsSpan(i * s));
        for (int k = last - 1; k >= 0; k--)
        {
            Expand(expansion, k);
            if (!Minimise(plan.Action(k), mu, k == last - 1 ? default : law.Open(k + 1), law.Open(k))) return false;
            Feed(law.Gain(k));
            Value(law.Open(k), law.Gain(k));
        }
        return double.IsFinite(Expected.Linear) && double.IsFinite(Expected.Quadratic)
            && Matrix.IsFinite(_vx) && Matrix.IsFinite(_vxx);
    }

    /// <summary>q = g + Fᵀ V_x, Q = H + Fᵀ V_xx F, both over [δx; δu].</summary>
    private void Expand(PlanExpansion expansion, int k)
    {
        int width = s + a;
        ReadOnlySpan<double> f = expansion.Jacobian(k);
        expansion.Gradient(k).CopyTo(_q);
        for (int i = 0; i < s; i++) Matrix.Add(_vx[i], f.Slice(i * width, width), _q);
        Array.Clear(_vf);
        Matrix.AddProduct(_vxx, f, _vf, s, s, width);
        expansion.Hessian(k).CopyTo(_qq);
        Matrix.AddTransposedProduct(f, _vf, _qq, width, s, width);
    }

    /// <summary>k = argmin ½ kᵀ(Q_uu + μI) k + Q_uᵀ k over −1 ≤ u + k ≤ 1, with the next step's k as guess.</summary>
    private bool Minimise(ReadOnlySpan<double> u, double mu, ReadOnlySpan<double> guess, Span<double> k)
    {
        for (int i = 0; i < a; i++)
        {
            Quu(i).CopyTo(_regular.AsSpan(i * a));
            _regular[i * (a + 1)] += mu;
            (_low[i], _high[i]) = (-1 - u[i], 1 - u[i]);
            k[i] = guess.IsEmpty ? 0 : guess[i];
        }
        return _box.Solve(_regular, _q.AsSpan(s), _low, _high, k);
    }

    /// <summary>K = −(Q_uu + μI)⁻¹ Q_ux for the free entries, 0 for the others.</summary>
    private void Feed(Span<double> gain)
    {
        int width = s + a;
        for (int i = 0; i < a; i++)
            for (int d = 0; d < s; d++) gain[i * s + d] = -_qq[(s + i) * width + d];
        _box.SolveFree(gain, s);
    }

    /// <summary>
    /// V_x = Q_x + Kᵀ(Q_uu k + Q_u) + Q_uxᵀ k, V_xx = Q_xx + Kᵀ Q_uu K + Kᵀ Q_ux + Q_uxᵀ K, with Q_uu without μ.
    /// </summary>
    private void Value(ReadOnlySpan<double> k, ReadOnlySpan<double> gain)
    {
        int width = s + a;
        ReadOnlySpan<double> q = _q, qq = _qq;
        double linear = 0, quadratic = 0;
        q[..s].CopyTo(_vx);
        for (int i = 0; i < s; i++) qq.Slice(i * width, s).CopyTo(_vxx.AsSpan(i * s));
        for (int i = 0; i < a; i++)
        {
            // T = Q_uu K + Q_ux, so that V_xx = Q_xx + Kᵀ T + Q_uxᵀ K
            ReadOnlySpan<double> qux = qq.Slice((s + i) * width, s);
            qux.CopyTo(_t);
            for (int j = 0; j < a; j++) Matrix.Add(Quu(i)[j], gain.Slice(j * s, s), _t);
            double product = Matrix.Dot(Quu(i), k);
            linear += k[i] * q[s + i];
            quadratic += 0.5 * k[i] * product;
            Matrix.Add(product + q[s + i], gain.Slice(i * s, s), _vx);
            Matrix.Add(k[i], qux, _vx);
            for (int d = 0; d < s; d++)
            {
                Span<double> row = _vxx.AsSpan(d * s, s);
                Matrix.Add(gain[i * s + d], _t, row);
                Matrix.Add(qux[d], gain.Slice(i * s, s), row);
            }
        }
        Matrix.Symmetrise(_vxx, s);
        Expected = (Expected.Linear + linear, Expected.Quadratic + quadratic);
    }

    // row i of Q_uu
    private ReadOnlySpan<double> Quu(int i) => _qq.AsSpan((s + i) * (s + a) + s, a);
}
