using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// The cost of a time step, C(s, u) = −r(s, u), [S] and [A]; its gradient, [S + A]; and an approximation of its
/// Hessian, [S + A, S + A] row-major, symmetric positive semidefinite.
/// </summary>
internal delegate double StageCost(
    ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian);

/// <summary>
/// The cost of every time step expanded about the mean ẑ_t = [ŝ; û] of a controller's trajectories:
/// C ≈ c_t + g_tᵀ(z − ẑ_t) + ½ (z − ẑ_t)ᵀ H_t (z − ẑ_t).
/// </summary>
internal sealed class QuadraticCost
{
    private readonly double[] _gradient, _hessian;
    private readonly int _input;

    /// <param name="trajectory">The trajectories; the expansion is about their mean.</param>
    /// <param name="entropyWeight">c.</param>
    public QuadraticCost(StageCost cost, TrajectoryDistribution trajectory, double entropyWeight = 0)
    {
        int horizon = trajectory.Shape.Horizon, s = trajectory.Shape.State, n = _input = trajectory.Shape.Input;
        (_gradient, _hessian) = (new double[horizon * n], new double[horizon * n * n]);
        Nominal = trajectory.Mean;
        for (int t = 0; t < horizon; t++)
        {
            ReadOnlySpan<double> z = trajectory.MeanAt(t);
            double value = cost(z[..s], z[s..], _gradient.AsSpan(t * n, n), _hessian.AsSpan(t * n * n, n * n));
            Expected += value + 0.5 * Matrix.Dot(HessianAt(t), trajectory.CovarianceAt(t));
        }
        Objective = entropyWeight > 0 ? Expected - entropyWeight * trajectory.Controller.Entropy() : Expected;
    }

    /// <summary>[T, S + A], ẑ.</summary>
    public double[] Nominal { get; }

    /// <summary>Σ_t E[C_t] = Σ_t c_t + ½ tr(H_t Cov[z_t]), the expected cost of an episode.</summary>
    public double Expected { get; }

    /// <summary>Σ_t E[C_t] − c H, with H the entropy of the controller's noise.</summary>
    public double Objective { get; }

    /// <summary>Whether every number is finite.</summary>
    public bool IsFinite =>
        double.IsFinite(Objective) && Matrix.IsFinite(_gradient) && Matrix.IsFinite(_hessian);

    /// <summary>g_t, [S + A].</summary>
    public ReadOnlySpan<double> GradientAt(int t) => _gradient.AsSpan(t * _input, _input);

    /// <summary>H_t, [S + A, S + A].</summary>
    public ReadOnlySpan<double> HessianAt(int t) => _hessian.AsSpan(t * _input * _input, _input * _input);
}
