using System.Numerics;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// Weighted moments of samples, for one thread: μ = Σₙ rₙ zₙ / Σₙ rₙ and Σ = Σₙ rₙ (zₙ − μ)(zₙ − μ)ᵀ / Σₙ rₙ. The terms
/// of an element are added in the order of the samples, for every register width.
/// </summary>
internal sealed unsafe class MixtureMoments(int size)
{
    // samples gathered before their products are summed: two arrays of them fit in the L1 cache
    private const int Gathered = 32;
    private static readonly int Width = Vector<double>.Count;

    private readonly int _row = MixtureSamples.RowOf(size);
    private readonly double[] _scatter = new double[RowsOf(size) * MixtureSamples.RowOf(size)];
    private readonly double[] _centred = new double[Gathered * MixtureSamples.RowOf(size)];
    private readonly double[] _weighted = new double[Gathered * MixtureSamples.RowOf(size)];

    /// <summary>Computes the moments; returns false, and writes nothing, if all weights are 0.</summary>
    /// <param name="weights">[Count] or more, rₙ ≥ 0.</param>
    /// <param name="mean">[Row].</param>
    /// <param name="covariance">[D, D].</param>
    public bool Take(
        MixtureSamples samples, ReadOnlySpan<double> weights, double[] mean, double[] covariance, double floor)
    {
        double total = 0;
        for (int n = 0; n < samples.Count; n++) total += weights[n];
        if (!(total > 0)) return false;
        Mean(samples, weights, total, mean);

        // the lower triangle, in tiles of four rows
        Array.Clear(_scatter);
        int gathered = 0;
        for (int n = 0; n < samples.Count; n++)
        {
            if (weights[n] == 0) continue;
            Gather(samples.Rows.AsSpan(n * _row, _row), mean, weights[n], gathered++ * _row);
            if (gathered < Gathered) continue;
            Add(gathered);
            gathered = 0;
        }
        Add(gathered);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
                covariance[i * size + j] = covariance[j * size + i] = _scatter[i * _row + j] / total;
            covariance[i * size + i] += floor;
        }
        return true;
    }

    private void Mean(MixtureSamples samples, ReadOnlySpan<double> weights, double total, double[] mean)
    {
        Array.Clear(mean);
        fixed (double* to = mean, rows = samples.Rows)
            for (int n = 0; n < samples.Count; n++)
            {
                if (weights[n] == 0) continue;
                Vector<double> r = Vector.Create(weights[n]);
                double* z = rows + n * _row;
                for (int i = 0; i < _row; i += Width)
                    Vector.MultiplyAddEstimate(r, Vector.Load(z + i), Vector.Load(to + i)).Store(to + i);
            }
        for (int i = 0; i < size; i++) mean[i] /= total;
    }

    private void Gather(ReadOnlySpan<double> z, ReadOnlySpan<double> mean, double weight, int at)
    {
        for (int i = 0; i < z.Length; i++)
        {
            double difference = z[i] - mean[i];
            _centred[at + i] = difference;
            _weighted[at + i] = weight * difference;
        }
    }

    private void Add(int gathered)
    {
        fixed (double* scatter = _scatter, a = _centred, b = _weighted)
            for (int i = 0; i < size; i += 4)
                for (int j = 0; j <= Math.Min(i + 3, size - 1); j += 2 * Width)
                    Tile(scatter + i * _row + j, a + i, b + j, gathered);
    }

    // to[4 rows, 2 vectors] += Σₙ a[n, 4] b[n, 2 vectors]
    private void Tile(double* to, double* a, double* b, int count)
    {
        double* to1 = to + _row, to2 = to1 + _row, to3 = to2 + _row;
        Vector<double> t00 = Vector.Load(to), t01 = Vector.Load(to + Width);
        Vector<double> t10 = Vector.Load(to1), t11 = Vector.Load(to1 + Width);
        Vector<double> t20 = Vector.Load(to2), t21 = Vector.Load(to2 + Width);
        Vector<double> t30 = Vector.Load(to3), t31 = Vector.Load(to3 + Width);
        for (int n = 0; n < count; n++, a += _row, b += _row)
        {
            Vector<double> b0 = Vector.Load(b), b1 = Vector.Load(b + Width), x = Vector.Create(a[0]);
            (t00, t01) = (Vector.MultiplyAddEstimate(x, b0, t00), Vector.MultiplyAddEstimate(x, b1, t01));
            x = Vector.Create(a[1]);
            (t10, t11) = (Vector.MultiplyAddEstimate(x, b0, t10), Vector.MultiplyAddEstimate(x, b1, t11));
            x = Vector.Create(a[2]);
            (t20, t21) = (Vector.MultiplyAddEstimate(x, b0, t20), Vector.MultiplyAddEstimate(x, b1, t21));
            x = Vector.Create(a[3]);
            (t30, t31) = (Vector.MultiplyAddEstimate(x, b0, t30), Vector.MultiplyAddEstimate(x, b1, t31));
        }
        t00.Store(to);
        t01.Store(to + Width);
        t10.Store(to1);
        t11.Store(to1 + Width);
        t20.Store(to2);
        t21.Store(to2 + Width);
        t30.Store(to3);
        t31.Store(to3 + Width);
    }

    // rounded up to whole tiles
    private static int RowsOf(int size) => (size + 3) / 4 * 4;
}
