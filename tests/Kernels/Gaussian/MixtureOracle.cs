using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;

namespace Naf.Tests;

/// <summary>The formulas of a mixture of Gaussians.</summary>
internal static class MixtureOracle
{
    /// <summary>πₖ N(z; μₖ, Σₖ) for all k.</summary>
    public static double[] Densities(GaussianMixture mixture, double[] z) =>
        [.. Enumerable.Range(0, mixture.Components).Select(k => mixture.Weights[k] * Math.Exp(
            LinearSystem.LogDensity(z, mixture.Means.Slice(k * z.Length, z.Length).ToArray(),
                Covariance(mixture, k))))];

    /// <summary>[.. weights, .. means, .. covariances] after one more expectation and maximisation.</summary>
    /// <param name="nu">ν: weight, in samples, of the covariance of all samples in each component.</param>
    public static double[] Round(GaussianMixture mixture, double[] samples, double floor, double nu)
    {
        (int size, int components, int count) = (mixture.Size, mixture.Components, samples.Length / mixture.Size);
        double[] all = SampleMoments.Of(size, samples).Covariance();
        IEnumerable<double[]> densities = samples.Chunk(size).Select(z => Densities(mixture, z));
        double[][] r = [.. densities.Select(p => p.Select(v => v / p.Sum()).ToArray())];
        var (weights, means, covariances) = (
            new double[components], new double[components * size], new double[components * size * size]);
        for (int k = 0; k < components; k++)
        {
            double total = r.Sum(p => p[k]);
            weights[k] = total / count;
            for (int i = 0; i < size; i++)
                means[k * size + i] = Enumerable.Range(0, count).Sum(n => r[n][k] * samples[n * size + i]) / total;
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                {
                    double sum = nu * all[i * size + j];
                    for (int n = 0; n < count; n++)
                        sum += r[n][k] * (samples[n * size + i] - means[k * size + i])
                            * (samples[n * size + j] - means[k * size + j]);
                    covariances[(k * size + i) * size + j] = sum / (total + nu) + (i == j ? floor : 0);
                }
        }
        return [.. weights, .. means, .. covariances];
    }

    /// <summary>(Σₙ log p(zₙ) − ν / 2 Σₖ (log |Σₖ| + tr Σₖ⁻¹ G)) / N, G the samples' covariance + floor.</summary>
    public static double Objective(GaussianMixture mixture, double[] samples, double floor, double nu)
    {
        int size = mixture.Size;
        double objective = samples.Chunk(size).Sum(z => Math.Log(Densities(mixture, z).Sum()));
        double[] all = SampleMoments.Of(size, samples).Covariance();
        for (int k = 0; k < mixture.Components; k++)
        {
            var sigma = new double[size, size];
            for (int i = 0; i < size * size; i++) sigma[i / size, i % size] = Covariance(mixture, k)[i];
            (double[,] inverse, double determinant) = SmallMatrices.Inverse(sigma);
            objective -= nu / 2 * Math.Log(determinant);
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    objective -= nu / 2 * inverse[i, j] * (all[j * size + i] + (i == j ? floor : 0));
        }
        return objective * size / samples.Length;
    }

    private static ReadOnlySpan<double> Covariance(GaussianMixture mixture, int k) =>
        mixture.Covariances.Slice(k * mixture.Size * mixture.Size, mixture.Size * mixture.Size);
}
