namespace Naf.Tests;

/// <summary>Eigenvalues of small symmetric matrices by Jacobi's rotations.</summary>
internal static class Eigenvalues
{
    /// <summary>The least eigenvalue of a symmetric [n, n] matrix.</summary>
    public static double Least(ReadOnlySpan<double> matrix, int n)
    {
        double[] a = matrix.ToArray();
        for (int sweep = 0; sweep < 60; sweep++)
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p * n + q] != 0) Rotate(a, n, p, q);
        return Enumerable.Range(0, n).Min(i => a[i * n + i]);
    }

    private static void Rotate(double[] a, int n, int p, int q)
    {
        double angle = 0.5 * Math.Atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]), c = Math.Cos(angle), s = Math.Sin(angle);
        for (int k = 0; k < n; k++)
            (a[k * n + p], a[k * n + q]) = (c * a[k * n + p] - s * a[k * n + q], s * a[k * n + p] + c * a[k * n + q]);
        for (int k = 0; k < n; k++)
            (a[p * n + k], a[q * n + k]) = (c * a[p * n + k] - s * a[q * n + k], s * a[p * n + k] + c * a[q * n + k]);
    }
}
