namespace Naf.Tests;

/// <summary>Plain matrix algebra for oracles: nothing of the code under test.</summary>
internal static class SmallMatrices
{
    /// <summary>A⁻¹ by Gauss and Jordan with row pivoting.</summary>
    public static double[,] Inverse(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        var (a, b) = ((double[,])matrix.Clone(), new double[n, n]);
        for (int i = 0; i < n; i++) b[i, i] = 1;
        for (int k = 0; k < n; k++)
        {
            int row = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(a[i, k]));
            for (int j = 0; j < n; j++)
                (a[k, j], a[row, j], b[k, j], b[row, j]) = (a[row, j], a[k, j], b[row, j], b[k, j]);
            double pivot = a[k, k];
            for (int j = 0; j < n; j++) (a[k, j], b[k, j]) = (a[k, j] / pivot, b[k, j] / pivot);
            for (int i = 0; i < n; i++)
            {
                if (i == k) continue;
                double factor = a[i, k];
                for (int j = 0; j < n; j++) (a[i, j], b[i, j]) = (a[i, j] - factor * a[k, j], b[i, j] - factor * b[k, j]);
            }
        }
        return b;
    }

    /// <summary>|A| by expansion in its first row.</summary>
    public static double Determinant(double[,] a)
    {
        int n = a.GetLength(0);
        if (n == 1) return a[0, 0];
        double sum = 0;
        for (int c = 0; c < n; c++)
        {
            var minor = new double[n - 1, n - 1];
            for (int i = 1; i < n; i++)
                for (int j = 0; j < n; j++)
                    if (j != c) minor[i - 1, j < c ? j : j - 1] = a[i, j];
            sum += (c % 2 == 0 ? 1 : -1) * a[0, c] * Determinant(minor);
        }
        return sum;
    }

    /// <summary>Part of a matrix.</summary>
    public static double[,] Block(double[,] a, int row, int column, int rows, int columns)
    {
        var block = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) block[i, j] = a[row + i, column + j];
        return block;
    }

    /// <summary>A square matrix in rows.</summary>
    public static double[,] Square(ReadOnlySpan<double> a, int n)
    {
        var square = new double[n, n];
        for (int i = 0; i < n * n; i++) square[i / n, i % n] = a[i];
        return square;
    }

    /// <summary>ln N(x; mean, covariance).</summary>
    public static double LogDensity(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, ReadOnlySpan<double> covariance)
    {
        int n = x.Length;
        double[,] square = Square(covariance, n), inverse = Inverse(square);
        double sum = n * Math.Log(2 * Math.PI) + Math.Log(Determinant(square));
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) sum += (x[i] - mean[i]) * inverse[i, j] * (x[j] - mean[j]);
        return -0.5 * sum;
    }
}
