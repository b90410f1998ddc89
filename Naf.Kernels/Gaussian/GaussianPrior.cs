using Naf.Kernels.Gaussian.Mixture;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// Normal-inverse-Wishart prior of the samples z = [s; u; s′], in their units. With n samples of mean z̄ and covariance
/// S, Σ = (n S + Φ + n n₀ / (n + n₀) (z̄ − μ₀)(z̄ − μ₀)ᵀ) / (n + n₀); the mean remains z̄ (paper, section 5; Levine and
/// Abbeel 2014).
/// </summary>
/// <param name="Mean">μ₀ [learners, steps, D]; steps is 1 (the same at every time step) or the horizon.</param>
/// <param name="Scatter">Φ [learners, steps, D, D], n₀ times a covariance; only the lower triangle is read.</param>
/// <param name="Strength">n₀ ≥ 0, in samples. With 0, steps without samples copy the last step that has any.</param>
internal sealed record GaussianPrior(double[] Mean, double[] Scatter, double Strength)
{
    /// <summary>
    /// One Gaussian for all time steps, from all samples of a learner: μ₀ is their mean, Φ is
    /// <paramref name="strength"/> times their covariance.
    /// </summary>
    public static GaussianPrior Pooled(IReadOnlyList<SampleMoments> learners, double strength) => new(
        [.. learners.SelectMany(l => l.Mean.ToArray())],
        [.. learners.SelectMany(l => l.Covariance().Select(c => strength * c))], strength);

    /// <summary>
    /// One Gaussian for each time step, from a mixture over all time steps: μ₀ and Φ / n₀ are the
    /// <see cref="MixturePrior.Moments"/> for the step's samples.
    /// </summary>
    /// <param name="learners">Mixture of each learner; all have the same sample size.</param>
    /// <param name="episodes">[learner][episode], the fitted episodes [length, D]; may end before the horizon.</param>
    public static GaussianPrior OfMixtures(
        MixturePrior[] learners, IReadOnlyList<IReadOnlyList<double[]>> episodes, int horizon, double strength)
    {
        int size = learners[0].Size, steps = learners.Length * horizon;
        var (mean, scatter) = (new double[steps * size], new double[steps * size * size]);
        for (int k = 0; k < learners.Length; k++)
            for (int t = 0; t < horizon; t++)
            {
                double[] samples = [.. episodes[k].Where(e => e.Length >= (t + 1) * size)
                    .SelectMany(e => e[(t * size)..((t + 1) * size)])];
                int at = k * horizon + t;
                learners[k].Moments(
                    samples, mean.AsSpan(at * size, size), scatter.AsSpan(at * size * size, size * size));
            }
        for (int i = 0; i < scatter.Length; i++) scatter[i] *= strength;
        return new GaussianPrior(mean, scatter, strength);
    }

    /// <summary>Number of steps for each learner: 1 or the horizon.</summary>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    internal int Steps(DynamicsShape shape, int learners)
    {
        int size = shape.Sample, steps = Mean.Length == learners * size ? 1 : shape.Horizon;
        if (Mean.Length != (long)learners * steps * size || Scatter.Length != (long)Mean.Length * size)
            throw new ArgumentException(
                $"the prior has {Mean.Length} means and {Scatter.Length} scatters, which fit neither 1 nor "
                + $"{shape.Horizon} steps of {learners} learners with samples of {size}; "
                + $"give [learners, steps, {size}] and [learners, steps, {size}, {size}]");
        return steps;
    }
}
