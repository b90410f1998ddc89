namespace Naf.Host.Planning.Ilqg;

/// <summary>Keeps a controller's noise within bounds: standard deviations, in units of the action, along every direction.</summary>
/// <param name="Least">Least standard deviation, 0 or more.</param>
/// <param name="Most">Largest one, at least <paramref name="Least"/>.</param>
internal readonly record struct NoiseBounds(double Least, double Most)
{
    /// <summary>
    /// Raises or lowers the eigenvalues of a covariance that are out of bounds, by Jacobi's rotations. A covariance within them stays bitwise.
    /// </summary>
    /// <param name="covariance">[n, n], symmetric.</param>
    public void Apply(Span<double> covariance, int n)
    {
        // A = R diag(λ) Rᵀ
        double[] a = covariance.ToArray(), r = new double[n * n];
        for (int i = 0; i < n; i++) r[i * (n + 1)] = 1;
        for (int sweep = 0; sweep < 30 && !IsDiagonal(a, n); sweep++)
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p * n + q] != 0) Rotate(a, r, n, p, q);

        for (int k = 0; k < n; k++)
        {
            double eigenvalue = a[k * (n + 1)], bounded = Math.Clamp(eigenvalue, Least * Least, Most * Most);
            if (!(Math.Abs(bounded - eigenvalue) > 1e-12 * bounded)) continue;
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++) covariance[i * n + j] += (bounded - eigenvalue) * r[i * n + k] * r[j * n + k];
        }
    }

    /// <summary>The controller with every covariance within the bounds.</summary>
    public LinearGaussianController Apply(LinearGaussianController controller)
    {
        int a = controller.Action;
        double[] covariance = controller.Covariance.ToArray();
        for (int t = 0; t < controller.Horizon; t++) Apply(covariance.AsSpan(t * a * a, a * a), a);
        return new LinearGaussianController(
            controller.Horizon, controller.State, a, controller.Gain.ToArray(), controller.Offset.ToArray(), covariance);
    }

    private static bool IsDiagonal(ReadOnlySpan<double> a, int n)
    {
        double off = 0, diagonal = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (i == j) diagonal += a[i * n + j] * a[i * n + j]; else off += a[i * n + j] * a[i * n + j];
        return !(off > 1e-32 * diagonal);
    }

    private static void Rotate(Span<double> a, Span<double> r, int n, int p, int q)
    {
        double angle = 0.5 * Math.Atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]);
        (double sine, double cosine) = Math.SinCos(angle);
        for (int k = 0; k < n; k++)
            (a[k * n + p], a[k * n + q]) = (cosine * a[k * n + p] - sine * a[k * n + q], sine * a[k * n + p] + cosine * a[k * n + q]);
        for (int k = 0; k < n; k++)
        {
            (a[p * n + k], a[q * n + k]) = (cosine * a[p * n + k] - sine * a[q * n + k], sine * a[p * n + k] + cosine * a[q * n + k]);
            (r[k * n + p], r[k * n + q]) = (cosine * r[k * n + p] - sine * r[k * n + q], sine * r[k * n + p] + cosine * r[k * n + q]);
        }
    }
}
