using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// min ½ xᵀHx + gᵀx over a box, low ≤ x ≤ high, by projected Newton (Bertsekas 1982; Tassa, Mansard and Todorov 2014,
/// section III). For a few dimensions; owns a workspace.
/// </summary>
internal sealed class BoxQuadratic(int size)
{
    private const int Iterations = 100;
    private const double SmallestStep = 1e-20, Sufficient = 0.1, Backtrack = 0.6, GradientTolerance = 1e-12;

    private readonly double[] _gradient = new double[size], _direction = new double[size], _trial = new double[size];
    private readonly double[] _factor = new double[size * size];
    private readonly bool[] _free = new bool[size];

    /// <summary>[size], which entries of the solution are not clamped to the box.</summary>
    public ReadOnlySpan<bool> Free => _free;

    /// <param name="hessian">[size, size], H.</param>
    /// <param name="slope">[size], g.</param>
    /// <param name="low">[size].</param>
    /// <param name="high">[size], not below <paramref name="low"/>.</param>
    /// <param name="x">[size], the initial guess, replaced by the solution.</param>
    /// <returns>False if H is not positive definite in the free entries, or not finite.</returns>
    public bool Solve(ReadOnlySpan<double> hessian, ReadOnlySpan<double> slope, ReadOnlySpan<double> low,
        ReadOnlySpan<double> high, Span<double> x)
    {
        for (int i = 0; i < size; i++) x[i] = Math.Clamp(x[i], low[i], high[i]);
        double value = Value(hessian, slope, x);
        if (!double.IsFinite(value)) return false;
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            // an entry is clamped where it is at a bound and the descent direction leaves the box
            double largest = 0, scale = 1;
            for (int i = 0; i < size; i++)
            {
                _gradient[i] = slope[i] + Matrix.Dot(hessian.Slice(i * size, size), x);
                _free[i] = !((x[i] <= low[i] && _gradient[i] > 0) || (x[i] >= high[i] && _gradient[i] < 0));
                if (_free[i]) largest = Math.Max(largest, Math.Abs(_gradient[i]));
                scale = Math.Max(scale, Math.Abs(slope[i]));
            }
            if (!Factorise(hessian)) return false;
            if (largest <= GradientTolerance * scale) return true;

            // Newton's direction among the free entries, then a step along it, projected onto the box
            for (int i = 0; i < size; i++) _direction[i] = -_gradient[i];
            SolveFree(_direction, 1);
            double promised = 0;
            for (int i = 0; i < size; i++) promised += _free[i] ? _gradient[i] * _direction[i] : 0;
            double step = 1, next;
            while (true)
            {
                for (int i = 0; i < size; i++)
                    _trial[i] = _free[i] ? Math.Clamp(x[i] + step * _direction[i], low[i], high[i]) : x[i];
                next = Value(hessian, slope, _trial);
                if (next <= value + Sufficient * step * promised) break;
                step *= Backtrack;
                if (step < SmallestStep) return true; // no further decrease within rounding
            }
            bool moved = !x.SequenceEqual(_trial);
            _trial.CopyTo(x);
            if (!moved) return true;
            value = next;
        }
        return true;
    }

    /// <summary>
    /// B ← H⁻¹ B in the rows of free entries, 0 in the others, with H of the last <see cref="Solve"/>.
    /// </summary>
    /// <param name="b">[size, columns].</param>
    public void SolveFree(Span<double> b, int columns)
    {
        for (int i = 0; i < size; i++)
            if (!_free[i]) b.Slice(i * columns, columns).Clear();
        Matrix.Solve(_factor, b, size, columns);
    }

    /// <summary>
    /// Cholesky factor of the free rows and columns; the others are those of the identity. Terms are subtracted one by
    /// one, whereas <see cref="Matrix.Cholesky"/> sums them first: with it, plans would differ by rounding.
    /// </summary>
    private bool Factorise(ReadOnlySpan<double> hessian)
    {
        for (int i = 0; i < size; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = _free[i] && _free[j] ? hessian[i * size + j] : i == j ? 1 : 0;
                for (int k = 0; k < j; k++) sum -= _factor[i * size + k] * _factor[j * size + k];
                if (i == j && !(sum > 0 && double.IsFinite(sum))) return false;
                _factor[i * size + j] = i == j ? Math.Sqrt(sum) : sum / _factor[j * size + j];
            }
        return true;
    }

    private double Value(ReadOnlySpan<double> hessian, ReadOnlySpan<double> slope, ReadOnlySpan<double> x)
    {
        double sum = 0;
        for (int i = 0; i < size; i++)
            sum += x[i] * (slope[i] + 0.5 * Matrix.Dot(hessian.Slice(i * size, size), x));
        return sum;
    }
}
