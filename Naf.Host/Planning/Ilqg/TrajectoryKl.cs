namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// Σ_t E[KL(q_t(u|s) ‖ p_t(u|s))] over the states of q: how far a new controller q goes from the one that made the data, p
/// (Levine and Abbeel 2014). Both start alike and obey the same dynamics, so it is also the divergence of their trajectories.
/// </summary>
internal static class TrajectoryKl
{
    /// <summary>
    /// KL_t = ½ (tr(Σ_p⁻¹ Σ_q) − A + ln|Σ_p| − ln|Σ_q| + dᵀ Σ_p⁻¹ d + tr(Σ_p⁻¹ ΔK P ΔKᵀ)), d = ΔK m + Δk, summed over t.
    /// </summary>
    /// <param name="controller">q.</param>
    /// <param name="previous">p, of the same sizes.</param>
    /// <param name="trajectory">The distribution under q: s_t ~ N(m, P).</param>
    /// <returns>In nats, 0 or more; infinite where a covariance is singular, not a number where something is not.</returns>
    public static double Of(LinearGaussianController controller, LinearGaussianController previous, TrajectoryDistribution trajectory)
    {
        (int s, int a) = (controller.State, controller.Action);
        double[] p = new double[s * s], gain = new double[a * s], product = new double[a * s], spread = new double[a * a];
        double[] old = new double[a * a], fresh = new double[a * a], d = new double[a];
        double sum = 0;
        for (int t = 0; t < controller.Horizon; t++)
        {
            previous.CovarianceAt(t).CopyTo(old);
            controller.CovarianceAt(t).CopyTo(fresh);
            if (!PlanningMatrix.Cholesky(old, a) || !PlanningMatrix.Cholesky(fresh, a)) return double.PositiveInfinity;

            // the mean difference of the actions, and their second moment about p's mean: ΔK P ΔKᵀ + d dᵀ + Σ_q
            ReadOnlySpan<double> m = trajectory.MeanAt(t)[..s];
            trajectory.StateCovariance(t, p);
            for (int i = 0; i < gain.Length; i++) gain[i] = controller.GainAt(t)[i] - previous.GainAt(t)[i];
            for (int i = 0; i < a; i++)
                d[i] = controller.OffsetAt(t)[i] - previous.OffsetAt(t)[i] + PlanningMatrix.Dot(gain.AsSpan(i * s, s), m);
            product.AsSpan().Clear();
            PlanningMatrix.AddProduct(gain, p, product, a, s, s);
            for (int i = 0; i < a; i++)
                for (int j = 0; j < a; j++)
                    spread[i * a + j] = controller.CovarianceAt(t)[i * a + j] + d[i] * d[j]
                        + PlanningMatrix.Dot(product.AsSpan(i * s, s), gain.AsSpan(j * s, s));

            double logs = PlanningMatrix.LogDeterminant(old, a) - PlanningMatrix.LogDeterminant(fresh, a);
            PlanningMatrix.Solve(old, spread, a, a);
            double trace = 0;
            for (int i = 0; i < a; i++) trace += spread[i * (a + 1)];
            sum += 0.5 * (trace - a + logs);
        }
        return sum;
    }
}
