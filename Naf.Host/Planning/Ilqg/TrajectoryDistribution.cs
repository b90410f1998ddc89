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
    private readonly int _state;

    private TrajectoryDistribution(int horizon, int state, int input)
    {
        (Horizon, Input, _state) = (horizon, input, state);
        (Mean, _covariance) = (new double[horizon * input], new double[horizon * input * input]);
    }

    /// <summary>Time steps T.</summary>
    public int Horizon { get; }

    /// <summary>Entries of z.</summary>
    public int Input { get; }

    /// <summary>[T, S + A], E[z_t]: the mean trajectory.</summary>
    public double[] Mean { get; }

    /// <summary>Whether every number is finite.</summary>
    public bool IsFinite => PlanningMatrix.IsFinite(Mean) && PlanningMatrix.IsFinite(_covariance);

    /// <summary>The trajectories of a controller.</summary>
    /// <param name="model">The dynamics.</param>
    /// <param name="startMean">[S], E[s_0].</param>
    /// <param name="startCovariance">[S, S], Cov[s_0].</param>
    /// <param name="controller">Of the model's sizes.</param>
    public static TrajectoryDistribution Of(
        TimeVaryingModel model, ReadOnlySpan<double> startMean, ReadOnlySpan<double> startCovariance, LinearGaussianController controller)
    {
        (int s, int a, int n) = (model.State, model.Action, model.Input);
        var result = new TrajectoryDistribution(model.Horizon, s, n);
        double[] m = startMean.ToArray(), p = startCovariance.ToArray();
        double[] cross = new double[a * s], transposed = new double[n * s], product = new double[s * n];
        for (int t = 0; t < model.Horizon; t++)
        {
            // the state's part, then the action's: K P, K P Kᵀ + Σ
            Span<double> mean = result.Mean.AsSpan(t * n, n), covariance = result._covariance.AsSpan(t * n * n, n * n);
            m.CopyTo(mean);
            controller.Mean(t, m, mean[s..]);
            ReadOnlySpan<double> k = controller.GainAt(t), noise = controller.CovarianceAt(t);
            cross.AsSpan().Clear();
            PlanningMatrix.AddProduct(k, p, cross, a, s, s);
            for (int i = 0; i < s; i++) p.AsSpan(i * s, s).CopyTo(covariance[(i * n)..]);
            for (int i = 0; i < a; i++)
            {
                ReadOnlySpan<double> row = cross.AsSpan(i * s, s);
                row.CopyTo(covariance[((s + i) * n)..]);
                for (int j = 0; j < s; j++) covariance[j * n + s + i] = row[j];
                for (int j = 0; j < a; j++) covariance[(s + i) * n + s + j] = PlanningMatrix.Dot(row, k.Slice(j * s, s)) + noise[i * a + j];
            }
            PlanningMatrix.Symmetrise(covariance, n);

            // the next state: F Cov[z] Fᵀ + N
            ReadOnlySpan<double> f = model.FAt(t);
            for (int i = 0; i < s; i++) m[i] = model.OffsetAt(t)[i] + PlanningMatrix.Dot(f.Slice(i * n, n), mean);
            product.AsSpan().Clear();
            PlanningMatrix.AddProduct(f, covariance, product, s, n, n);
            PlanningMatrix.Transpose(f, transposed, s, n);
            model.NAt(t).CopyTo(p);
            PlanningMatrix.AddProduct(product, transposed, p, s, n, s);
            PlanningMatrix.Symmetrise(p, s);
        }
        return result;
    }

    /// <summary>E[z_t], [S + A]; its first S entries are the state's.</summary>
    public ReadOnlySpan<double> MeanAt(int t) => Mean.AsSpan(t * Input, Input);

    /// <summary>Cov[z_t], [S + A, S + A].</summary>
    public ReadOnlySpan<double> CovarianceAt(int t) => _covariance.AsSpan(t * Input * Input, Input * Input);

    /// <summary>Copies Cov[s_t], [S, S].</summary>
    public void StateCovariance(int t, Span<double> covariance)
    {
        for (int i = 0; i < _state; i++) CovarianceAt(t).Slice(i * Input, _state).CopyTo(covariance[(i * _state)..]);
    }

    /// <summary>Σ_t E[C_t], the expected cost of an episode.</summary>
    public double ExpectedCost(QuadraticCost cost)
    {
        double sum = 0;
        for (int t = 0; t < Horizon; t++) sum += cost.Expected(t, MeanAt(t), CovarianceAt(t));
        return sum;
    }
}
