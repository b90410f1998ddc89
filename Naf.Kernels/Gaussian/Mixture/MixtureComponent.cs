using System.Numerics;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>One component π N(μ, Σ) of a mixture, with the Cholesky factor Σ = L Lᵀ for densities.</summary>
internal sealed unsafe class MixtureComponent
{
    // a pivot below this fraction of Σᵢᵢ is rounding error
    private const double Rounding = 1e-13;

    private readonly int _size, _height;
    // −L below the diagonal, 1 / L on it; padded by one row if D is odd, so that rows can be processed in pairs
    private readonly double[] _factor;
    private double _logScale, _logRoot;

    /// <param name="size">D.</param>
    public MixtureComponent(int size)
    {
        (_size, _height) = (size, size + size % 2);
        Mean = new double[MixtureSamples.RowOf(size)];
        Covariance = new double[size * size];
        _factor = new double[_height * _height];
        _factor[^1] = 1;
    }

    /// <summary>π.</summary>
    public double Weight { get; set; }

    /// <summary>[Row], μ, padded with 0.</summary>
    public double[] Mean { get; }

    /// <summary>[D, D], Σ, including the floor.</summary>
    public double[] Covariance { get; }

    /// <summary>Computes L, and the log scale of the density: log π − D / 2 log 2π − Σᵢ log Lᵢᵢ.</summary>
    /// <param name="floor">Floor in the diagonal of Σ; a pivot that rounding takes below half of it is raised.</param>
    public void Factor(double floor)
    {
        _logRoot = 0;
        for (int i = 0; i < _size; i++)
        {
            Span<double> row = _factor.AsSpan(i * _height, i + 1);
            double least = Math.Max(floor / 2, Rounding * Covariance[i * (_size + 1)]);
            for (int j = 0; j <= i; j++)
            {
                ReadOnlySpan<double> other = _factor.AsSpan(j * _height, j + 1);
                double sum = Covariance[i * _size + j];
                for (int k = 0; k < j; k++) sum -= row[k] * other[k];
                row[j] = j < i ? -sum * other[j] : 1 / Math.Sqrt(Math.Max(sum, least));
            }
            _logRoot -= Math.Log(row[i]);
        }
        _logScale = Math.Log(Weight) - _size / 2.0 * Math.Log(2 * Math.PI) - _logRoot;
    }

    /// <summary>log |Σ| + tr(Σ⁻¹ G) = 2 Σᵢ log Lᵢᵢ + ‖L⁻¹ M‖² for another component's G = M Mᵀ.</summary>
    public double Divergence(MixtureComponent other)
    {
        double sum = 2 * _logRoot;
        var y = new double[_size];
        for (int c = 0; c < _size; c++)
            for (int i = c; i < _size; i++)
            {
                double entry = i == c ? 1 / other._factor[i * (_height + 1)] : -other._factor[i * _height + c];
                y[i] = Solve(i, c, entry, y);
                sum += y[i] * y[i];
            }
        return sum;
    }

    /// <summary>log π N(z; μ, Σ) = log scale − ‖L⁻¹ (z − μ)‖² / 2.</summary>
    /// <param name="sample">[D], z.</param>
    /// <param name="y">[D], scratch: L⁻¹ (z − μ).</param>
    public double LogDensity(ReadOnlySpan<double> sample, Span<double> y)
    {
        double square = 0;
        for (int i = 0; i < _size; i++)
        {
            y[i] = Solve(i, 0, sample[i] - Mean[i], y);
            square += y[i] * y[i];
        }
        return _logScale - square / 2;
    }

    // yᵢ of L y = b, from bᵢ and the entries of y from index `from` on; the earlier ones are 0
    private double Solve(int i, int from, double b, ReadOnlySpan<double> y)
    {
        ReadOnlySpan<double> row = _factor.AsSpan(i * _height, i + 1);
        for (int j = from; j < i; j++) b += row[j] * y[j];
        return b * row[i];
    }

    /// <summary><see cref="LogDensity"/> for a block of samples.</summary>
    /// <param name="y">[Height, Block], scratch.</param>
    /// <param name="to">[Block].</param>
    public void LogDensities(MixtureSamples samples, int block, double[] y, Span<double> to)
    {
        fixed (double* z = &samples.Columns[block * _height * MixtureSamples.Block], mean = Mean, factor = _factor,
            scratch = y, target = to)
            for (int n = 0; n < MixtureSamples.Block; n += 4 * Vector<double>.Count)
                Strip(z + n, mean, factor, scratch + n, target + n);
    }

    // four vectors of samples, two rows at a time: y = L⁻¹ (z − μ), with terms added in the order of j for every
    // register width
    private void Strip(double* z, double* mean, double* factor, double* y, double* target)
    {
        int w = Vector<double>.Count;
        Vector<double> q0 = default, q1 = default, q2 = default, q3 = default;
        for (int i = 0; i < _height; i += 2)
        {
            double* zi = z + i * MixtureSamples.Block, zk = zi + MixtureSamples.Block;
            double* yi = y + i * MixtureSamples.Block;
            double* first = factor + i * _height, second = first + _height;
            Vector<double> m = Vector.Create(mean[i]);
            Vector<double> a0 = Vector.Load(zi) - m, a1 = Vector.Load(zi + w) - m;
            Vector<double> a2 = Vector.Load(zi + 2 * w) - m, a3 = Vector.Load(zi + 3 * w) - m;
            m = Vector.Create(mean[i + 1]);
            Vector<double> b0 = Vector.Load(zk) - m, b1 = Vector.Load(zk + w) - m;
            Vector<double> b2 = Vector.Load(zk + 2 * w) - m, b3 = Vector.Load(zk + 3 * w) - m;
            double* yj = y;
            for (int j = 0; j < i; j++, yj += MixtureSamples.Block)
            {
                Vector<double> f = Vector.Create(first[j]), g = Vector.Create(second[j]);
                Vector<double> v0 = Vector.Load(yj), v1 = Vector.Load(yj + w);
                Vector<double> v2 = Vector.Load(yj + 2 * w), v3 = Vector.Load(yj + 3 * w);
                (a0, b0) = (Vector.MultiplyAddEstimate(f, v0, a0), Vector.MultiplyAddEstimate(g, v0, b0));
                (a1, b1) = (Vector.MultiplyAddEstimate(f, v1, a1), Vector.MultiplyAddEstimate(g, v1, b1));
                (a2, b2) = (Vector.MultiplyAddEstimate(f, v2, a2), Vector.MultiplyAddEstimate(g, v2, b2));
                (a3, b3) = (Vector.MultiplyAddEstimate(f, v3, a3), Vector.MultiplyAddEstimate(g, v3, b3));
            }
            Vector<double> d = Vector.Create(first[i]);
            Vector<double> below = Vector.Create(second[i]), e = Vector.Create(second[i + 1]);
            (a0, a1, a2, a3) = (a0 * d, a1 * d, a2 * d, a3 * d);
            b0 = Vector.MultiplyAddEstimate(below, a0, b0) * e;
            b1 = Vector.MultiplyAddEstimate(below, a1, b1) * e;
            b2 = Vector.MultiplyAddEstimate(below, a2, b2) * e;
            b3 = Vector.MultiplyAddEstimate(below, a3, b3) * e;
            a0.Store(yi);
            a1.Store(yi + w);
            a2.Store(yi + 2 * w);
            a3.Store(yi + 3 * w);
            yi += MixtureSamples.Block;
            b0.Store(yi);
            b1.Store(yi + w);
            b2.Store(yi + 2 * w);
            b3.Store(yi + 3 * w);
            q0 = Vector.MultiplyAddEstimate(b0, b0, Vector.MultiplyAddEstimate(a0, a0, q0));
            q1 = Vector.MultiplyAddEstimate(b1, b1, Vector.MultiplyAddEstimate(a1, a1, q1));
            q2 = Vector.MultiplyAddEstimate(b2, b2, Vector.MultiplyAddEstimate(a2, a2, q2));
            q3 = Vector.MultiplyAddEstimate(b3, b3, Vector.MultiplyAddEstimate(a3, a3, q3));
        }
        Vector<double> scale = Vector.Create(_logScale), half = Vector.Create(-0.5);
        Vector.MultiplyAddEstimate(half, q0, scale).Store(target);
        Vector.MultiplyAddEstimate(half, q1, scale).Store(target + w);
        Vector.MultiplyAddEstimate(half, q2, scale).Store(target + 2 * w);
        Vector.MultiplyAddEstimate(half, q3, scale).Store(target + 3 * w);
    }
}
