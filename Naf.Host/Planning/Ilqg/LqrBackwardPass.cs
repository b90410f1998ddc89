using Naf.Host.Settings;
using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// The backward pass of iLQG (paper, section 8.1, equation 5, for costs instead of rewards) with a KL penalty to a
/// previous controller p = N(K_p s + k_p, Σ_p) (Levine and Abbeel 2014). It minimises E[C] + η KL(· ‖ p) − c H(·) over
/// w = u − û − K_p (s − ŝ), with H the entropy:
/// <code>
/// A = F_s + F_u K_p        B = F_u        d = û − K_p ŝ − k_p        [g, H] of the cost in (s − ŝ, w)
/// Q_ww = H_ww + Bᵀ V B + η Σ_p⁻¹      Q_ws = H_ws + Bᵀ V A      q_w = g_w + Bᵀ v + η Σ_p⁻¹ d
/// w ~ N(κ + 𝒦 (s − ŝ), (η + c) Q_ww⁻¹)      κ = −Q_ww⁻¹ q_w      𝒦 = −Q_ww⁻¹ Q_ws
/// V = H_ss + Aᵀ V A + Q_wsᵀ 𝒦         v = g_s + Aᵀ v + Q_wsᵀ κ
/// </code>
/// Owns a workspace.
/// </summary>
/// <remarks>
/// Actions are relative to the previous controller's, so that the KL term does not enter V and nothing cancels for
/// large η.
/// </remarks>
/// <param name="settings">c and the bounds on the noise.</param>
internal sealed class LqrBackwardPass(TimeVaryingModel model, IlqgSettings settings)
{
    private readonly int _state = model.Shape.State, _action = model.Shape.Action, _input = model.Shape.Input;
    private readonly double[] _gain = new double[model.Shape.Action * model.Shape.State];
    private readonly double[] _step = new double[model.Shape.Action];
    private readonly double[] _value = new double[model.NAt(0).Length], _slope = new double[model.Shape.State];
    private readonly double[] _h = new double[model.Shape.Input * model.Shape.Input];
    private readonly double[] _ab = new double[model.FAt(0).Length], _vab = new double[model.FAt(0).Length];
    private readonly double[] _factor = new double[model.Shape.Action * model.Shape.Action];
    private readonly double[] _g = new double[model.Shape.Input], _d = new double[model.Shape.Action];

    /// <summary>Runs from the last time step to the first.</summary>
    /// <param name="cost">Expanded about a trajectory (ŝ, û) that obeys the dynamics.</param>
    /// <param name="previous">p; its covariance is not used if η is 0.</param>
    /// <param name="eta">η ≥ 0, the weight of the KL term, in units of the cost.</param>
    /// <returns>The minimiser, its noise within the bounds; null if Q_ww is not positive definite.</returns>
    public LinearGaussianController? Run(QuadraticCost cost, LinearGaussianController previous, double eta)
    {
        (int s, int a, int n) = (_state, _action, _input);
        double[] gains = previous.Gain.ToArray(), offsets = new double[previous.Offset.Length];
        double[] noise = new double[previous.Covariance.Length];
        _value.AsSpan().Clear();
        _slope.AsSpan().Clear();
        for (int t = model.Shape.Horizon - 1; t >= 0; t--)
        {
            Expand(cost, previous.GainAt(t), t);
            if (eta > 0 && !Penalise(cost, previous, t, eta)) return null;

            // Q_ww = L Lᵀ, Q_ww⁻¹
            for (int i = 0; i < a; i++) _h.AsSpan((s + i) * n + s, a).CopyTo(_factor.AsSpan(i * a));
            if (!Matrix.Cholesky(_factor, a)) return null;
            Span<double> inverse = noise.AsSpan(t * a * a, a * a);
            Matrix.Invert(_factor, 1, inverse, a);
            Matrix.Symmetrise(inverse, a);

            // κ = −Q_ww⁻¹ q_w, 𝒦 = −Q_ww⁻¹ Q_ws
            for (int i = 0; i < a; i++)
            {
                for (int j = 0; j < s; j++) _gain[i * s + j] = -_h[(s + i) * n + j];
                _step[i] = -_g[s + i];
            }
            Matrix.Solve(_factor, _gain, a, s);
            Matrix.Solve(_factor, _step, a, 1);

            // u ~ N(û + K_p (s − ŝ) + κ + 𝒦 (s − ŝ), (η + c) Q_ww⁻¹)
            ReadOnlySpan<double> z = cost.Nominal.AsSpan(t * n, n);
            Span<double> k = gains.AsSpan(t * a * s, a * s);
            Matrix.Add(1, _gain, k);
            for (int i = 0; i < a; i++)
                offsets[t * a + i] = z[s + i] + _step[i] - Matrix.Dot(k.Slice(i * s, s), z[..s]);
            foreach (ref double entry in inverse) entry *= eta + settings.EntropyWeight;

            // V = Q_ss + Q_wsᵀ 𝒦, v = q_s + Q_wsᵀ κ
            for (int i = 0; i < s; i++) _h.AsSpan(i * n, s).CopyTo(_value.AsSpan(i * s));
            _g.AsSpan(0, s).CopyTo(_slope);
            for (int i = 0; i < a; i++)
            {
                ReadOnlySpan<double> row = _h.AsSpan((s + i) * n, s);
                for (int j = 0; j < s; j++) Matrix.Add(row[j], _gain.AsSpan(i * s, s), _value.AsSpan(j * s, s));
                Matrix.Add(_step[i], row, _slope);
            }
            Matrix.Symmetrise(_value, s);
        }
        return new LinearGaussianController(model.Shape, gains, offsets, noise).Within(settings);
    }

    // the second-order expansion of Q in (s − ŝ, w), without the KL term
    private void Expand(QuadraticCost cost, ReadOnlySpan<double> gain, int t)
    {
        (int s, int a, int n) = (_state, _action, _input);

        // [A, B] = F M and Mᵀ [g, H] M, with M = [1, 0; K_p, 1]
        model.FAt(t).CopyTo(_ab);
        cost.HessianAt(t).CopyTo(_h);
        cost.GradientAt(t).CopyTo(_g);
        AddColumns(_ab, gain, s);
        AddColumns(_h, gain, n);
        for (int i = 0; i < a; i++)
            for (int j = 0; j < s; j++)
            {
                Matrix.Add(gain[i * s + j], _h.AsSpan((s + i) * n, n), _h.AsSpan(j * n, n));
                _g[j] += gain[i * s + j] * _g[s + i];
            }

        // + [A, B]ᵀ V [A, B], + [A, B]ᵀ v
        _vab.AsSpan().Clear();
        Matrix.AddProduct(_value, _ab, _vab, s, s, n);
        Matrix.AddTransposedProduct(_ab, _vab, _h, n, s, n);
        Matrix.Symmetrise(_h, n);
        for (int i = 0; i < s; i++) Matrix.Add(_slope[i], _ab.AsSpan(i * n, n), _g);
    }

    // X ← X M: adds the columns of u times K_p to those of s
    private void AddColumns(Span<double> x, ReadOnlySpan<double> gain, int rows)
    {
        for (int r = 0; r < rows; r++)
        {
            Span<double> row = x.Slice(r * _input, _input);
            for (int i = 0; i < _action; i++) Matrix.Add(row[_state + i], gain.Slice(i * _state, _state), row);
        }
    }

    // + η Σ_p⁻¹, + η Σ_p⁻¹ d
    private bool Penalise(QuadraticCost cost, LinearGaussianController previous, int t, double eta)
    {
        (int s, int a, int n) = (_state, _action, _input);
        ReadOnlySpan<double> z = cost.Nominal.AsSpan(t * n, n);
        previous.CovarianceAt(t).CopyTo(_factor);
        if (!Matrix.Cholesky(_factor, a)) return false;
        previous.Mean(t, z[..s], _d);
        for (int i = 0; i < a; i++) _d[i] = z[s + i] - _d[i];
        Matrix.Solve(_factor, _d, a, 1);
        Span<double> penalty = stackalloc double[a * a];
        Matrix.Invert(_factor, eta, penalty, a);
        for (int i = 0; i < a; i++)
        {
            Matrix.Add(1, penalty.Slice(i * a, a), _h.AsSpan((s + i) * n + s, a));
            _g[s + i] += eta * _d[i];
        }
        return true;
    }
}
