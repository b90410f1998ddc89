using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// A time-varying linear-Gaussian controller, u ~ N(K_t s + k_t, Σ_t) for t = 0 … T − 1 (paper, equation 4). Immutable.
/// </summary>
/// <remarks>Equation 4 writes û + k + K(s − ŝ) about a nominal trajectory; here û − Kŝ is part of k.</remarks>
internal sealed class LinearGaussianController
{
    private readonly double[] _gain, _offset, _covariance, _factor;

    /// <param name="shape">T, S and A.</param>
    /// <param name="gain">[T, A, S], K; kept, not copied.</param>
    /// <param name="offset">[T, A], k; kept, not copied.</param>
    /// <param name="covariance">[T, A, A], Σ, symmetric and positive semidefinite; kept, not copied.</param>
    public LinearGaussianController(DynamicsShape shape, double[] gain, double[] offset, double[] covariance)
    {
        int a = shape.Action;
        (Shape, _gain, _offset, _covariance) = (shape, gain, offset, covariance);
        _factor = [.. covariance];
        for (int t = 0; t < shape.Horizon; t++) Matrix.Cholesky(_factor.AsSpan(t * a * a, a * a), a, rounding: 1e-14);
        IsFinite = Matrix.IsFinite(gain) && Matrix.IsFinite(offset) && Matrix.IsFinite(covariance)
            && Matrix.IsFinite(_factor);
    }

    public DynamicsShape Shape { get; }

    /// <summary>[T, A, S], K.</summary>
    public ReadOnlySpan<double> Gain => _gain;

    /// <summary>[T, A], k.</summary>
    public ReadOnlySpan<double> Offset => _offset;

    /// <summary>[T, A, A], Σ.</summary>
    public ReadOnlySpan<double> Covariance => _covariance;

    /// <summary>Whether every number is finite; a controller that is not must not act.</summary>
    public bool IsFinite { get; }

    private int Action => Shape.Action;

    /// <summary>K_t, [A, S].</summary>
    public ReadOnlySpan<double> GainAt(int t) => _gain.AsSpan(t * Action * Shape.State, Action * Shape.State);

    /// <summary>k_t, [A].</summary>
    public ReadOnlySpan<double> OffsetAt(int t) => _offset.AsSpan(t * Action, Action);

    /// <summary>Σ_t, [A, A].</summary>
    public ReadOnlySpan<double> CovarianceAt(int t) => _covariance.AsSpan(t * Action * Action, Action * Action);

    /// <summary>K_t s + k_t.</summary>
    /// <param name="t">Time step, 0 to T − 1.</param>
    /// <param name="s">[S].</param>
    /// <param name="u">[A], receives the action; not clipped.</param>
    public void Mean(int t, ReadOnlySpan<double> s, Span<double> u)
    {
        for (int i = 0; i < Action; i++)
            u[i] = _offset[t * Action + i] + Matrix.Dot(s, GainAt(t).Slice(i * s.Length, s.Length));
    }

    /// <summary>K_t s + k_t + C_t ε with C_t C_tᵀ = Σ_t.</summary>
    /// <param name="normals">[A], ε, independent standard normals.</param>
    public void Sample(int t, ReadOnlySpan<double> s, ReadOnlySpan<double> normals, Span<double> u)
    {
        Mean(t, s, u);
        for (int i = 0; i < Action; i++) u[i] += Matrix.Dot(normals, _factor.AsSpan((t * Action + i) * Action, Action));
    }

    /// <summary>
    /// The controller with the eigenvalues of its covariances clamped to the settings' bounds on standard deviations,
    /// in units of the action. A covariance within them is unchanged, bitwise.
    /// </summary>
    public LinearGaussianController Within(IlqgSettings settings)
    {
        double least = settings.LeastNoise * settings.LeastNoise, most = settings.MostNoise * settings.MostNoise;
        double[] covariance = [.. _covariance];
        for (int t = 0; t < Shape.Horizon; t++)
            Clamp(covariance.AsSpan(t * Action * Action, Action * Action), Action, least, most);
        return new LinearGaussianController(Shape, _gain, _offset, covariance);
    }

    /// <summary>Entropy of an episode's noise, Σ_t ½ ln |2πe Σ_t|, in nats; −∞ if a covariance is singular.</summary>
    public double Entropy()
    {
        double sum = 0.5 * Shape.Horizon * Action * Math.Log(2 * Math.PI * Math.E);
        for (int t = 0; t < Shape.Horizon; t++)
            for (int i = 0; i < Action; i++) sum += Math.Log(_factor[(t * Action + i) * Action + i]);
        return sum;
    }

    /// <summary>Saves a controller, or restores it bitwise.</summary>
    public static LinearGaussianController Serialise(CheckpointScope scope, LinearGaussianController? saved)
    {
        int[] sizes = scope.Values(
            "sizes", saved is null ? [] : (int[])[saved.Shape.Horizon, saved.Shape.State, saved.Shape.Action]);
        double[] gain = scope.Values("gain", saved?._gain ?? []), offset = scope.Values("offset", saved?._offset ?? []);
        double[] covariance = scope.Values("covariance", saved?._covariance ?? []);
        return scope.IsLoading
            ? new LinearGaussianController(new DynamicsShape(sizes[0], sizes[1], sizes[2]), gain, offset, covariance)
            : saved!;
    }

    private static void Clamp(Span<double> covariance, int n, double least, double most)
    {
        // A = R diag(λ) Rᵀ
        double[] a = covariance.ToArray(), r = new double[n * n];
        SymmetricEigen.Diagonalise(a, r, n);
        for (int k = 0; k < n; k++)
        {
            double eigenvalue = a[k * (n + 1)], bounded = Math.Clamp(eigenvalue, least, most);
            if (!(Math.Abs(bounded - eigenvalue) > 1e-12 * bounded)) continue;
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    covariance[i * n + j] += (bounded - eigenvalue) * r[i * n + k] * r[j * n + k];
        }
    }
}
