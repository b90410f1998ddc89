using System.Numerics;

namespace Naf.Kernels.Reward;

/// <summary>ρ = Π_k f_k of a term, with its derivatives.</summary>
internal sealed class PreparedProduct<T>(PreparedTerm<T> term, ImmutableArray<ToleranceFactor> factors)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly PreparedFactor<T>[] _factors =
        [.. factors.Select((factor, k) => new PreparedFactor<T>(term, factor, factors.Take(k).Sum(f => f.Count)))];

    /// <summary>ρ.</summary>
    public T Value(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        T product = T.One;
        foreach (PreparedFactor<T> factor in _factors) product *= factor.Value(x, u);
        return product;
    }

    /// <summary>Adds a ∂ρ/∂z: Σ_k (Π_{j≠k} f_j) ∂f_k/∂z.</summary>
    /// <param name="sum">[ObservationSize + ActionSize].</param>
    public void AddGradient(T a, ReadOnlySpan<T> x, ReadOnlySpan<T> u, Span<T> sum)
    {
        Span<T> values = stackalloc T[_factors.Length], gradient = stackalloc T[term.Index.Length];
        Expand(x, u, values, gradient);
        for (int k = 0; k < _factors.Length; k++)
        {
            T others = a * Others(values, k, k);
            for (int i = _factors[k].First; i < _factors[k].End; i++) sum[term.Index[i]] += others * gradient[i];
        }
    }

    /// <summary>
    /// Adds a ∂²ρ/∂z², or a positive semidefinite part of it: that of each factor's own curvature.
    /// </summary>
    /// <param name="hessian">[size, size] row-major.</param>
    public void AddHessian(
        T a, bool semidefinite, ReadOnlySpan<T> x, ReadOnlySpan<T> u, int size, Span<T> hessian)
    {
        Span<T> values = stackalloc T[_factors.Length], gradient = stackalloc T[term.Index.Length];
        Expand(x, u, values, gradient);
        for (int k = 0; k < _factors.Length; k++)
        {
            _factors[k].AddHessian(a * Others(values, k, k), semidefinite, x, u, size, hessian);
            for (int l = 0; l < _factors.Length && !semidefinite; l++)
                if (l != k) AddMixed(a * Others(values, k, l), _factors[k], _factors[l], gradient, size, hessian);
        }
    }

    // ∂f_k/∂z (∂f_l/∂z)ᵀ
    private void AddMixed(
        T a, PreparedFactor<T> row, PreparedFactor<T> column, ReadOnlySpan<T> gradient, int size, Span<T> hessian)
    {
        for (int i = row.First; i < row.End; i++)
            for (int j = column.First; j < column.End; j++)
                hessian[term.Index[i] * size + term.Index[j]] += a * gradient[i] * gradient[j];
    }

    private void Expand(ReadOnlySpan<T> x, ReadOnlySpan<T> u, Span<T> values, Span<T> gradient)
    {
        for (int k = 0; k < _factors.Length; k++)
        {
            values[k] = _factors[k].Value(x, u);
            _factors[k].Gradient(x, u, gradient);
        }
    }

    // the product of the factors but k and l
    private static T Others(ReadOnlySpan<T> values, int k, int l)
    {
        T product = T.One;
        for (int j = 0; j < values.Length; j++)
            if (j != k && j != l) product *= values[j];
        return product;
    }
}
