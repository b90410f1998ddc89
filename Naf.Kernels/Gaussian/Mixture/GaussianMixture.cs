using Naf.Gpu.Cpu;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// A Gaussian mixture p(z) = Σₖ πₖ N(z; μₖ, Σₖ), fitted to samples by expectation-maximisation in double. It depends
/// only on the samples and the settings, not on the number of threads, bitwise.
/// </summary>
internal sealed class GaussianMixture
{
    private readonly MixtureComponent[] _components;
    private readonly double[] _weights, _means, _covariances;

    /// <summary>Fits a mixture.</summary>
    /// <remarks>
    /// There may be fewer samples than entries, and samples may be equal or of lower rank. Entries should have similar
    /// magnitudes.
    /// </remarks>
    /// <param name="samples">[count, size].</param>
    /// <param name="size">D, at least 1.</param>
    /// <param name="team">Worker threads; null: the calling thread does all the work.</param>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">A magnitude is NaN or above 1e100.</exception>
    public GaussianMixture(ReadOnlySpan<double> samples, int size, MixtureSettings settings, WorkTeam? team = null)
    {
        var fit = new MixtureFit(new MixtureSamples(samples, size), settings, team);
        (Size, _components, Objectives) = (size, fit.Run(), fit.Objectives);
        _weights = [.. _components.Select(c => c.Weight)];
        _means = [.. _components.SelectMany(c => c.Mean.Take(size))];
        _covariances = [.. _components.SelectMany(c => c.Covariance)];
    }

    /// <summary>K, the number in the settings but at most the number of samples.</summary>
    public int Components => _components.Length;

    /// <summary>D, entries of a sample.</summary>
    public int Size { get; }

    /// <summary>[K], π; their sum is 1.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>[K, D], μ.</summary>
    public ReadOnlySpan<double> Means => _means;

    /// <summary>[K, D, D], Σ, symmetric, including the floor.</summary>
    public ReadOnlySpan<double> Covariances => _covariances;

    /// <summary>
    /// Objective at each iteration of the fit: the mean log density of a sample; with shrinkage, minus
    /// ν / 2 Σₖ (log |Σₖ| + tr Σₖ⁻¹ G) / number of samples.
    /// </summary>
    public IReadOnlyList<double> Objectives { get; }

    /// <summary>Default number of components: one for 40 samples, between 2 and 20 (Levine's gps code).</summary>
    public static int DefaultComponents(int samples) => Math.Max(2, Math.Min(20, samples / 40));

    /// <summary>Responsibilities rₖ = πₖ N(z; μₖ, Σₖ) / p(z) for a sample; π if all densities underflow.</summary>
    /// <param name="sample">[D], z.</param>
    /// <param name="responsibilities">[K], r; their sum is 1.</param>
    /// <returns>log p(z).</returns>
    public double Responsibilities(ReadOnlySpan<double> sample, Span<double> responsibilities)
    {
        Span<double> scratch = Size <= 128 ? stackalloc double[Size] : new double[Size];
        double most = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < Components; k++)
        {
            responsibilities[k] = _components[k].LogDensity(sample, scratch);
            most = Math.Max(most, responsibilities[k]);
        }
        if (!double.IsFinite(most))
        {
            _weights.CopyTo(responsibilities);
            return double.NegativeInfinity;
        }
        foreach (ref double r in responsibilities) sum += r = Math.Exp(r - most);
        foreach (ref double r in responsibilities) r /= sum;
        return most + Math.Log(sum);
    }
}
