using Naf.Gpu.Cpu;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// The prior of a time step from a mixture of Gaussians over recent samples z = [s; u; s′] of all time steps (Levine
/// and Abbeel 2014, section 4.3): with wₖ the mean responsibility of component k for the step's samples,
/// <code>
/// μ₀ = Σₖ wₖ μₖ,   Φ / n₀ = Σₖ wₖ (Σₖ + (μₖ − μ₀)(μₖ − μ₀)ᵀ)
/// </code>
/// The mixture is fitted to standardised entries without the constant ones; moments are in the samples' units.
/// </summary>
internal sealed class MixturePrior
{
    private readonly int[] _kept;
    private readonly double[] _centre, _scale;

    /// <param name="recent">[count, D], samples of all time steps.</param>
    /// <param name="scale">[D], 1 / standard deviation, 0 for a constant (<see cref="SampleMoments.Scale"/>).</param>
    /// <param name="team">Worker threads; null: the calling thread does all the work.</param>
    /// <exception cref="NonFiniteTransitionException">
    /// A number is not finite, or is above 1e100 standard deviations.
    /// </exception>
    public MixturePrior(double[] recent, double[] scale, MixtureSettings settings, WorkTeam? team = null)
    {
        int size = scale.Length;
        for (int i = 0; i < recent.Length; i++)
            if (!double.IsFinite(recent[i]))
                throw new NonFiniteTransitionException(
                    $"entry {i % size} of sample {i / size} is {recent[i]}; leave this sample out of the mixture");

        int count = recent.Length / size;
        (_scale, _centre, _kept) = (scale, new double[size], [.. Enumerable.Range(0, size).Where(i => scale[i] > 0)]);
        for (int i = 0; i < size; i++)
        {
            double first = recent[i], sum = 0;
            // differences from the first sample, so that the mean of a constant is exact
            for (int n = 0; n < count; n++) sum += (recent[n * size + i] - first) / count;
            _centre[i] = first + sum;
        }
        if (_kept.Length == 0) return;
        var standardised = new double[count * _kept.Length];
        for (int n = 0; n < count; n++)
            Standardise(recent.AsSpan(n * size, size), standardised.AsSpan(n * _kept.Length, _kept.Length));
        Mixture = new GaussianMixture(standardised, _kept.Length, settings, team);
    }

    /// <summary>The mixture of the standardised non-constant entries; null: all entries are constant.</summary>
    public GaussianMixture? Mixture { get; }

    /// <summary>D, entries of a sample.</summary>
    public int Size => _centre.Length;

    /// <summary>μ₀ and Φ / n₀ for a time step; those of the whole mixture if the step has no samples.</summary>
    /// <param name="samples">[n, D], the step's samples; n may be 0.</param>
    /// <param name="mean">[D], μ₀; for a constant entry the mean of the recent samples.</param>
    /// <param name="covariance">[D, D], Φ / n₀; rows and columns of constant entries are 0.</param>
    public void Moments(ReadOnlySpan<double> samples, Span<double> mean, Span<double> covariance)
    {
        _centre.CopyTo(mean);
        covariance.Clear();
        if (Mixture is not { } mixture) return;
        double[] weights = Weights(mixture, samples);

        // μ₀ = Σₖ wₖ μₖ
        int kept = _kept.Length;
        var standardised = new double[kept];
        for (int k = 0; k < weights.Length; k++)
            for (int i = 0; i < kept; i++) standardised[i] += weights[k] * mixture.Means[k * kept + i];

        // Σₖ wₖ (Σₖ + (μₖ − μ₀)(μₖ − μ₀)ᵀ)
        var (total, apart) = (new double[kept * kept], new double[kept]);
        for (int k = 0; k < weights.Length; k++)
        {
            if (weights[k] == 0) continue;
            for (int i = 0; i < kept; i++) apart[i] = mixture.Means[k * kept + i] - standardised[i];
            ReadOnlySpan<double> own = mixture.Covariances.Slice(k * kept * kept, kept * kept);
            for (int i = 0; i < kept; i++)
                for (int j = 0; j < kept; j++)
                    total[i * kept + j] += weights[k] * (own[i * kept + j] + apart[i] * apart[j]);
        }

        // back to the samples' units
        for (int i = 0; i < kept; i++)
        {
            mean[_kept[i]] += standardised[i] / _scale[_kept[i]];
            for (int j = 0; j < kept; j++)
                covariance[_kept[i] * Size + _kept[j]] = total[i * kept + j] / (_scale[_kept[i]] * _scale[_kept[j]]);
        }
    }

    /// <summary>Responsibilities of the mixture's components for a sample.</summary>
    /// <param name="sample">[D], in its own units.</param>
    /// <param name="responsibilities">[K], sum 1; if all entries are constant, K is 1.</param>
    public void Responsibilities(ReadOnlySpan<double> sample, Span<double> responsibilities)
    {
        responsibilities.Fill(1);
        if (Mixture is not { } mixture) return;
        Span<double> standardised = _kept.Length <= 128 ? stackalloc double[_kept.Length] : new double[_kept.Length];
        Standardise(sample, standardised);
        mixture.Responsibilities(standardised, responsibilities);
    }

    // wₖ: the mean responsibility
    private double[] Weights(GaussianMixture mixture, ReadOnlySpan<double> samples)
    {
        if (samples.IsEmpty) return mixture.Weights.ToArray();
        var (responsibilities, weights) = (new double[mixture.Components], new double[mixture.Components]);
        int count = samples.Length / Size;
        for (int n = 0; n < count; n++)
        {
            Responsibilities(samples.Slice(n * Size, Size), responsibilities);
            for (int k = 0; k < weights.Length; k++) weights[k] += responsibilities[k] / count;
        }
        return weights;
    }

    private void Standardise(ReadOnlySpan<double> sample, Span<double> to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = (sample[_kept[i]] - _centre[_kept[i]]) * _scale[_kept[i]];
    }
}
