using Naf.Kernels.Gaussian.Mixture;
using Naf.Kernels.Random;

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
    /// <param name="nu">ν: samples that the covariance of all of them counts for in each component.</param>
    public static (double[] Weights, double[] Means, double[] Covariances) Round(GaussianMixture mixture, double[] samples, double floor, double nu)
    {
        (int size, int components, int count) = (mixture.Size, mixture.Components, samples.Length / mixture.Size);
        double[] all = Covariance(samples, size);
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
                {
                    double sum = nu * all[i * size + j];
                    for (int n = 0; n < count; n++)
                        sum += r[n][k] * (samples[n * size + i] - means[k * size + i]) * (samples[n * size + j] - means[k * size + j]);
                    covariances[(k * size + i) * size + j] = sum / (total + nu) + (i == j ? floor : 0);
                }
        }
        return (weights, means, covariances);
    }

    /// <summary>(Σₙ log p(zₙ) − ν / 2 Σₖ (log |Σₖ| + tr Σₖ⁻¹ G)) / N, G the covariance of the samples and the floor.</summary>
    public static double Objective(GaussianMixture mixture, double[] samples, double floor, double nu)
    {
        (int size, int count) = (mixture.Size, samples.Length / mixture.Size);
        double objective = Enumerable.Range(0, count).Sum(n => Math.Log(Densities(mixture, samples.AsSpan(n * size, size)).Sum()));
        double[] all = Covariance(samples, size);
        for (int k = 0; k < mixture.Components; k++)
            for (int c = 0; c < size; c++)
            {
                // column c of Σₖ⁻¹ G, whose element c is a part of the trace
                (double[,] a, double[] b) = (new double[size, size], new double[size]);
                for (int i = 0; i < size; i++)
                {
                    b[i] = all[i * size + c] + (i == c ? floor : 0);
                    for (int j = 0; j < size; j++) a[i, j] = mixture.Covariances[(k * size + i) * size + j];
                }
                double determinant = Eliminate(a, b);
                objective -= nu / 2 * (b[c] + Math.Log(determinant) / size);
            }
        return objective / count;
    }

    private static double[] Covariance(double[] samples, int size)
    {
        int count = samples.Length / size;
        double[] mean = [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, count).Average(n => samples[n * size + i]))];
        return
        [
            .. Enumerable.Range(0, size * size).Select(e => Enumerable.Range(0, count)
                .Average(n => (samples[n * size + e / size] - mean[e / size]) * (samples[n * size + e % size] - mean[e % size]))),
        ];
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
