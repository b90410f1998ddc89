namespace Naf.Kernels.Gaussian;

/// <summary>Running mean and covariance of samples in double (Welford 1962).</summary>
/// <param name="size">Entries of a sample, at least 1.</param>
internal sealed class SampleMoments(int size)
{
    private readonly double[] _mean = new double[size], _scatter = new double[size * size], _before = new double[size];

    public long Count { get; private set; }

    /// <summary>[size].</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>Moments of samples [count, size].</summary>
    /// <exception cref="ArgumentException">The length is not a multiple of the size.</exception>
    public static SampleMoments Of(int size, ReadOnlySpan<double> samples)
    {
        var moments = new SampleMoments(size);
        moments.Add(samples);
        return moments;
    }

    /// <param name="samples">[count, size].</param>
    /// <exception cref="ArgumentException">The length is not a multiple of the size.</exception>
    public void Add(ReadOnlySpan<double> samples)
    {
        if (samples.Length % size != 0)
            throw new ArgumentException($"{samples.Length} numbers are no whole number of samples of {size}");
        for (; samples.Length > 0; samples = samples[size..])
        {
            Count++;
            for (int i = 0; i < size; i++)
            {
                double z = samples[i];
                _before[i] = z - _mean[i];
                _mean[i] += _before[i] / Count;
            }
            // scatter += (z − mean before)(z − mean after)ᵀ = (1 − 1 / count) (z − mean before)(z − mean before)ᵀ
            double weight = 1 - 1.0 / Count;
            for (int i = 0; i < size; i++)
            {
                Span<double> row = _scatter.AsSpan(i * size, size);
                double factor = weight * _before[i];
                for (int j = 0; j < row.Length; j++) row[j] += factor * _before[j];
            }
        }
    }

    /// <summary>[size, size], scatter / number of samples; 0 without samples.</summary>
    public double[] Covariance() => [.. _scatter.Select(s => s / Math.Max(Count, 1))];

    /// <summary>
    /// [size], 1 / standard deviation; 0 for an entry without variance, which a fit then copies: a constant, whose
    /// scatter is exactly 0, or an entry whose differences underflow when squared.
    /// </summary>
    public double[] Scale() =>
        [.. Enumerable.Range(0, size).Select(i => _scatter[i * (size + 1)] / Math.Max(Count, 1))
            .Select(v => v > 0 ? 1 / Math.Sqrt(v) : 0)];
}
