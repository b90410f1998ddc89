namespace Naf.Kernels.LinearAlgebra;

/// <summary>Eigenvalues of small symmetric matrices, by Jacobi rotations.</summary>
internal static class SymmetricEigen
{
    /// <summary>A = R diag(λ) Rᵀ.</summary>
    /// <param name="a">[n, n], A; becomes diag(λ), in no order.</param>
    /// <param name="r">[n, n], receives the eigenvectors as columns.</param>
    public static void Diagonalise(Span<double> a, Span<double> r, int n)
    {
        r.Clear();
        for (int i = 0; i < n; i++) r[i * (n + 1)] = 1;
        for (int sweep = 0; sweep < 30 && !IsDiagonal(a, n); sweep++)
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p * n + q] != 0) Rotate(a, r, n, p, q);
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
            (a[k * n + p], a[k * n + q]) =
                (cosine * a[k * n + p] - sine * a[k * n + q], sine * a[k * n + p] + cosine * a[k * n + q]);
        for (int k = 0; k < n; k++)
        {
            (a[p * n + k], a[q * n + k]) =
                (cosine * a[p * n + k] - sine * a[q * n + k], sine * a[p * n + k] + cosine * a[q * n + k]);
            (r[k * n + p], r[k * n + q]) =
                (cosine * r[k * n + p] - sine * r[k * n + q], sine * r[k * n + p] + cosine * r[k * n + q]);
        }
    }
}
