using Naf.Kernels;

namespace Naf.Tests;

/// <summary>What a mixture of Gaussians is, by its formulas: determinants and solutions by elimination, sums as they are written.</summary>
internal static class MixtureOracle
{
    /// <summary>Samples of a mixture: component k has weight w[k], mean m[k] and a covariance with factor c[k].</summary>
    public static double[] Draw(int count, double[] w, double[][] m, double[][,] c, ulong seed)
    {
        int size = m[0].Length;
        var samples = new double[count * size];
        for (int n = 0; n < count; n++)
        {
            double u = Philox.Uniform(seed, RandomStream.Reset, (ulong)n);
            int k = 0;
            for (; k < w.Length - 1 && u >= w[k]; k++) u -= w[k];
            for (int i = 0; i < size; i++)
            {
                double z = m[k][i];
                for (int j = 0; j < size; j++) z += c[k][i, j] * Philox.Normal(seed, RandomStream.TestReset, (ulong)n, (uint)j);
                samples[n * size + i] = z;
            }
        }
        return samples;
    }

    /// <summary>πₖ N(z; μₖ, Σₖ) for all k.</summary>
    public static double[] Densities(GaussianMixture mixture, ReadOnlySpan<double> z)
    {
        int size = mixture.Size;
        var densities = new double[mixture.Components];
        for (int k = 0; k < densities.Length; k++)
        {
            var (a, b) = (new double[size, size], new double[size]);
            for (int i = 0; i < size; i++)
            {
                b[i] = z[i] - mixture.Means[k * size + i];
                for (int j = 0; j < size; j++) a[i, j] = mixture.Covariances[(k * size + i) * size + j];
            }
            double[] difference = [.. b];
            double determinant = Eliminate(a, b), square = 0;
            for (int i = 0; i < size; i++) square += difference[i] * b[i];
            densities[k] = mixture.Weights[k] * Math.Exp(-square / 2) / Math.Sqrt(Math.Pow(2 * Math.PI, size) * determinant);
        }
        return densities;
    }

    /// <summary>Weights, means and covariances after one more round of expectation and maximisation.</summary>
    public static (double[] Weights, double[] Means, double[] Covariances) Round(GaussianMixture mixture, double[] samples, double floor)
    {
        (int size, int components, int count) = (mixture.Size, mixture.Components, samples.Length / mixture.Size);
        double[][] r = [.. Enumerable.Range(0, count).Select(n =>
        {
            double[] p = Densities(mixture, samples.AsSpan(n * size, size));
            return p.Select(v => v / p.Sum()).ToArray();
        })];
        var (weights, means, covariances) = (new double[components], new double[components * size], new double[components * size * size]);
        for (int k = 0; k < components; k++)
        {
            double total = r.Sum(p => p[k]);
            weights[k] = total / count;
            for (int i = 0; i < size; i++) means[k * size + i] = Enumerable.Range(0, count).Sum(n => r[n][k] * samples[n * size + i]) / total;
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    covariances[(k * size + i) * size + j] = (i == j ? floor : 0) + Enumerable.Range(0, count).Sum(n =>
                        r[n][k] * (samples[n * size + i] - means[k * size + i]) * (samples[n * size + j] - means[k * size + j])) / total;
        }
        return (weights, means, covariances);
    }

    // b ← a⁻¹ b with row pivoting; returns the determinant
    private static double Eliminate(double[,] a, double[] b)
    {
        int size = b.Length;
        double determinant = 1;
        for (int k = 0; k < size; k++)
        {
            int pivot = Enumerable.Range(k, size - k).MaxBy(i => Math.Abs(a[i, k]));
            if (pivot != k) determinant = -determinant;
            for (int j = 0; j < size; j++) (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]);
            (b[k], b[pivot]) = (b[pivot], b[k]);
            determinant *= a[k, k];
            for (int i = 0; i < size; i++)
            {
                if (i == k) continue;
                double factor = a[i, k] / a[k, k];
                for (int j = k; j < size; j++) a[i, j] -= factor * a[k, j];
                b[i] -= factor * b[k];
            }
        }
        for (int i = 0; i < size; i++) b[i] /= a[i, i];
        return determinant;
    }
}
