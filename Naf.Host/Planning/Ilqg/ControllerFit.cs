using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// The controller that generated the data, u ~ N(K_t s + k_t, Σ_t): at each time step the Gaussian of [s; u] over a few
/// episodes, conditioned on s. Most actions come from NAF's policy with noise, so the controller is estimated from the
/// data.
/// </summary>
/// <remarks>
/// There are fewer episodes than entries of s, so the covariance of a time step is a normal-inverse-Wishart posterior.
/// Its prior S̄ is pooled over all time steps, each about its own mean; means are not. For scatter_t of n samples,
/// <code>
/// Σ = (scatter_t + n₀ S̄) / (n − 1 + n₀)      n₀ = S + A      K = Σ_us (Σ_ss + R)⁻¹      k = ū − K s̄
/// noise = Σ_uu − K Σ_su, within the bounds
/// </code>
/// A time step that no episode has reached uses the last one that was reached.
/// </remarks>
internal static class ControllerFit
{
    /// <summary>R, on entries of unit variance.</summary>
    private const double Ridge = 1e-6;

    /// <param name="episodes">[length, D] each, z = [s; u; s′], as for <see cref="GaussianFit.Store"/>.</param>
    public static LinearGaussianController Fit(double[][] episodes, DynamicsShape shape, IlqgSettings settings)
    {
        int longest = episodes.Max(e => e.Length) / shape.Sample;
        (int s, int a, int n) = (shape.State, shape.Action, shape.Input);
        (double[][] means, double[][] scatters, int[] counts) = Moments(episodes, shape, longest);
        double[] pooled = Pooled(means, scatters, counts, n);
        double[] gain = new double[shape.Horizon * a * s], offset = new double[shape.Horizon * a],
            noise = new double[shape.Horizon * a * a];
        double[] sigma = new double[n * n], factor = new double[s * s], b = new double[s * a];
        for (int t = 0; t < shape.Horizon; t++)
        {
            int from = Math.Min(t, longest - 1);
            double weight = 1.0 / (counts[from] - 1 + n);
            for (int i = 0; i < sigma.Length; i++) sigma[i] = weight * (scatters[from][i] + n * pooled[i]);

            // K = Σ_us (Σ_ss + R)⁻¹; an entry without variance is left out
            for (int i = 0; i < s; i++)
            {
                for (int j = 0; j < s; j++) factor[i * s + j] = sigma[i * n + j];
                double variance = pooled[i * (n + 1)];
                factor[i * (s + 1)] += variance > 0 ? Ridge * variance : 1;
                for (int j = 0; j < a; j++) b[i * a + j] = sigma[i * n + s + j];
            }
            Span<double> k = gain.AsSpan(t * a * s, a * s), covariance = noise.AsSpan(t * a * a, a * a);
            if (Matrix.Cholesky(factor, s)) Matrix.Solve(factor, b, s, a); else b.AsSpan().Fill(double.NaN);
            Matrix.Transpose(b, k, s, a);

            // k = ū − K s̄, noise = Σ_uu − K Σ_su
            ReadOnlySpan<double> mean = means[from];
            for (int i = 0; i < a; i++)
            {
                offset[t * a + i] = mean[s + i] - Matrix.Dot(k.Slice(i * s, s), mean[..s]);
                for (int j = 0; j < a; j++)
                    covariance[i * a + j] = sigma[(s + i) * n + s + j]
                        - Matrix.Dot(k.Slice(i * s, s), sigma.AsSpan((s + j) * n, s));
            }
            Matrix.Symmetrise(covariance, a);
        }
        return new LinearGaussianController(shape, gain, offset, noise).Within(settings);
    }

    // of [s; u] at each time step: mean, scatter about it, number of samples
    private static (double[][] Means, double[][] Scatters, int[] Counts) Moments(
        double[][] episodes, DynamicsShape shape, int longest)
    {
        int n = shape.Input;
        var (means, scatters, counts) = (new double[longest][], new double[longest][], new int[longest]);
        for (int t = 0; t < longest; t++)
        {
            double[][] samples =
                [.. episodes.Where(e => e.Length > t * shape.Sample)
                    .Select(e => e.AsSpan(t * shape.Sample, n).ToArray())];
            (double[] mean, double[] scatter) = (means[t], scatters[t]) = (new double[n], new double[n * n]);
            counts[t] = samples.Length;
            foreach (double[] z in samples) Matrix.Add(1.0 / samples.Length, z, mean);
            foreach (double[] z in samples)
            {
                Matrix.Add(-1, mean, z);
                for (int i = 0; i < n; i++) Matrix.Add(z[i], z, scatter.AsSpan(i * n, n));
            }
        }
        return (means, scatters, counts);
    }

    // the mean covariance within all time steps; of a single episode, the covariance along it
    private static double[] Pooled(double[][] means, double[][] scatters, int[] counts, int n)
    {
        var pooled = new double[n * n];
        int freedom = counts.Sum() - counts.Length;
        foreach (double[] scatter in scatters) Matrix.Add(1.0 / Math.Max(freedom, 1), scatter, pooled);
        if (freedom > 0) return pooled;
        var along = new SampleMoments(n);
        foreach (double[] mean in means) along.Add(mean);
        return along.Covariance();
    }
}
