using Naf.Kernels.Gaussian;
using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// The Gaussian of z_t = [s_t; u_t] at every time step under a linear-Gaussian controller and fitted dynamics:
/// <code>
/// u ~ N(K s + k, Σ)      E[z] = [m; K m + k]      Cov[z] = [P, P Kᵀ; K P, K P Kᵀ + Σ]
/// s′ ~ N(F z + f, N)     m′ = F E[z] + f          P′ = F Cov[z] Fᵀ + N
/// </code>
/// </summary>
internal sealed class TrajectoryDistribution
{
    private readonly double[] _covariance;

    /// <param name="startMean">[S], E[s_0].</param>
    /// <param name="startCovariance">[S, S], Cov[s_0].</param>
    /// <param name="controller">The controller, of the model's sizes.</param>
    public TrajectoryDistribution(
        TimeVaryingModel model, ReadOnlySpan<double> startMean, ReadOnlySpan<double> startCovariance,
        LinearGaussianController controller)
    {
        (Shape, Controller) = (model.Shape, controller);
        (int s, int a, int n) = (Shape.State, Shape.Action, Shape.Input);
        (Mean, _covariance) = (new double[Shape.Horizon * n], new double[Shape.Horizon * n * n]);
        double[] m = startMean.ToArray(), p = startCovariance.ToArray();
        double[] cross = new double[a * s], transposed = new double[n * s], product = new double[s * n];
        for (int t = 0; t < Shape.Horizon; t++)
        {
            // the state's part, then the action's: K P, K P Kᵀ + Σ
            Span<double> mean = Mean.AsSpan(t * n, n), covariance = _covariance.AsSpan(t * n * n, n * n);
            m.CopyTo(mean);
            controller.Mean(t, m, mean[s..]);
            ReadOnlySpan<double> k = controller.GainAt(t), noise = controller.CovarianceAt(t);
            cross.AsSpan().Clear();
            Matrix.AddProduct(k, p, cross, a, s, s);
            for (int i = 0; i < s; i++) p.AsSpan(i * s, s).CopyTo(covariance[(i * n)..]);
            for (int i = 0; i < a; i++)
            {
                ReadOnlySpan<double> row = cross.AsSpan(i * s, s);
                row.CopyTo(covariance[((s + i) * n)..]);
                for (int j = 0; j < s; j++) covariance[j * n + s + i] = row[j];
                for (int j = 0; j < a; j++)
                    covariance[(s + i) * n + s + j] = Matrix.Dot(row, k.Slice(j * s, s)) + noise[i * a + j];
            }
            Matrix.Symmetrise(covariance, n);

            // the next state: F Cov[z] Fᵀ + N
            ReadOnlySpan<double> f = model.FAt(t);
            for (int i = 0; i < s; i++) m[i] = model.OffsetAt(t)[i] + Matrix.Dot(f.Slice(i * n, n), mean);
            product.AsSpan().Clear();
            Matrix.AddProduct(f, covariance, product, s, n, n);
            Matrix.Transpose(f, transposed, s, n);
            model.NAt(t).CopyTo(p);
            Matrix.AddProduct(product, transposed, p, s, n, s);
            Matrix.Symmetrise(p, s);
        }
    }

    public DynamicsShape Shape { get; }

    public LinearGaussianController Controller { get; }

    /// <summary>[T, S + A], E[z_t]: the mean trajectory.</summary>
    public double[] Mean { get; }

    /// <summary>Whether every number is finite.</summary>
    public bool IsFinite => Matrix.IsFinite(Mean) && Matrix.IsFinite(_covariance);

    /// <summary>E[z_t], [S + A]; its first S entries are the state's.</summary>
    public ReadOnlySpan<double> MeanAt(int t) => Mean.AsSpan(t * Shape.Input, Shape.Input);

    /// <summary>Cov[z_t], [S + A, S + A].</summary>
    public ReadOnlySpan<double> CovarianceAt(int t) =>
        _covariance.AsSpan(t * Shape.Input * Shape.Input, Shape.Input * Shape.Input);

    /// <summary>
    /// Σ_t E[KL(q_t(u|s) ‖ p_t(u|s))] over the states of this controller, q: the divergence from the controller that
    /// generated the data, p (Levine and Abbeel 2014), and of their trajectory distributions, since the dynamics are
    /// the same. KL_t = ½ (tr(Σ_p⁻¹ Σ_q) − A + ln|Σ_p| − ln|Σ_q| + dᵀ Σ_p⁻¹ d + tr(Σ_p⁻¹ ΔK P ΔKᵀ)), d = ΔK m + Δk.
    /// </summary>
    /// <param name="previous">p, of the same sizes.</param>
    /// <returns>In nats, 0 or more; infinite if a covariance is singular, NaN if an input is.</returns>
    public double DivergenceFrom(LinearGaussianController previous)
    {
        (int s, int a, int n) = (Shape.State, Shape.Action, Shape.Input);
        double[] gain = new double[a * s], product = new double[s], spread = new double[a * a];
        double[] old = new double[a * a], fresh = new double[a * a], d = new double[a];
        double sum = 0;
        for (int t = 0; t < Shape.Horizon; t++)
        {
            previous.CovarianceAt(t).CopyTo(old);
            Controller.CovarianceAt(t).CopyTo(fresh);
            if (!Matrix.Cholesky(old, a) || !Matrix.Cholesky(fresh, a)) return double.PositiveInfinity;

            // the mean difference of the actions, and their second moment about p's mean: ΔK P ΔKᵀ + d dᵀ + Σ_q
            for (int i = 0; i < gain.Length; i++) gain[i] = Controller.GainAt(t)[i] - previous.GainAt(t)[i];
            ReadOnlySpan<double> m = MeanAt(t)[..s], covariance = CovarianceAt(t);
            for (int i = 0; i < a; i++)
                d[i] = Controller.OffsetAt(t)[i] - previous.OffsetAt(t)[i]
                    + Matrix.Dot(gain.AsSpan(i * s, s), m);
            for (int i = 0; i < a; i++)
            {
                product.AsSpan().Clear();
                for (int k = 0; k < s; k++) Matrix.Add(gain[i * s + k], covariance.Slice(k * n, s), product);
                for (int j = 0; j < a; j++)
                    spread[i * a + j] = Controller.CovarianceAt(t)[i * a + j] + d[i] * d[j]
                        + Matrix.Dot(product, gain.AsSpan(j * s, s));
            }

            double logs = Matrix.LogDeterminant(old, a) - Matrix.LogDeterminant(fresh, a);
            Matrix.Solve(old, spread, a, a);
            double trace = 0;
            for (int i = 0; i < a; i++) trace += spread[i * (a + 1)];
            sum += 0.5 * (trace - a + logs);
        }
        return sum;
    }
}
