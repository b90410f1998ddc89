using System.Numerics;

namespace Naf.Kernels.Reward;

/// <summary>A reward term rounded to T: its argument e(z), the form ρ(e) with ρ′ and ρ″, and g = ∂e/∂z.</summary>
internal sealed class PreparedTerm<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public readonly RewardKind Kind;
    public readonly bool Linear, HasClip;
    public readonly int[] Index;
    public readonly T Weight, Offset;
    public readonly T[] Centre, Scale;

    /// <summary>The product of tolerances that the term is; null for the other kinds.</summary>
    public readonly PreparedProduct<T>? Product;

    private readonly T _alpha, _low, _high;
    private static readonly T Half = T.CreateChecked(0.5), Quarter = T.CreateChecked(0.25);

    public PreparedTerm(RewardTerm term)
    {
        (Kind, Linear, Index) = (term.Kind, term.IsLinear, [.. term.Index]);
        (Weight, Offset) = (T.CreateChecked(term.Weight), T.CreateChecked(term.Offset));
        Centre = [.. term.Centre.Select(T.CreateChecked)];
        Scale = [.. term.Scale.Select(T.CreateChecked)];
        _alpha = T.CreateChecked(term.Alpha);
        (_low, _high) = (T.CreateChecked(term.ClipLow), T.CreateChecked(term.ClipHigh));
        HasClip = !double.IsInfinity(term.ClipLow) || !double.IsInfinity(term.ClipHigh);
        if (Kind == RewardKind.Product) Product = new PreparedProduct<T>(this, term.Factors);
    }

    /// <summary>w clip(ρ).</summary>
    public T Value(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        T rho = Product is null ? Rho(Argument(x, u)) : Product.Value(x, u);
        return Weight * (rho < _low ? _low : rho > _high ? _high : rho);
    }

    /// <summary>Whether ρ(e) is clipped, so that the term is constant here.</summary>
    public bool IsClipped(T e) => HasClip && (Rho(e) is var rho) && (rho < _low || rho > _high);

    /// <summary>e = b + Σ s_i (z_i − c_i), or q = Σ s_i (z_i − c_i)².</summary>
    public T Argument(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        T e = Offset;
        for (int i = 0; i < Index.Length; i++)
        {
            T d = Difference(i, x, u);
            e += Linear ? Scale[i] * d : Scale[i] * d * d;
        }
        return e;
    }

    /// <summary>g_i = s_i, or 2 s_i (z_i − c_i).</summary>
    public T Slope(int i, ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        if (Linear) return Scale[i];
        T half = Scale[i] * Difference(i, x, u);
        return half + half;
    }

    /// <summary>ρ(e).</summary>
    public T Rho(T e)
    {
        T square = _alpha * _alpha;
        return Kind switch
        {
            RewardKind.SmoothNorm => T.Sqrt(e + square) - _alpha,
            RewardKind.LogQuadratic => T.LogP1(e / square),
            RewardKind.Bump => T.Exp(-Half * e / square),
            RewardKind.Sigmoid => T.One / (T.One + T.Exp(-e / _alpha)),
            _ => e,
        };
    }

    /// <summary>ρ′(e) and ρ″(e).</summary>
    public (T First, T Second) Derivatives(T e)
    {
        T square = _alpha * _alpha;
        switch (Kind)
        {
            case RewardKind.SmoothNorm:
                T root = T.Sqrt(e + square);
                return (Half / root, -Quarter / (root * root * root));
            case RewardKind.LogQuadratic:
                T inverse = T.One / (square + e);
                return (inverse, -inverse * inverse);
            case RewardKind.Bump:
                T bump = Rho(e);
                return (-Half * bump / square, Quarter * bump / (square * square));
            case RewardKind.Sigmoid:
                T sigmoid = Rho(e), slope = sigmoid * (T.One - sigmoid) / _alpha;
                return (slope, slope * (T.One - sigmoid - sigmoid) / _alpha);
            default:
                return (T.One, T.Zero);
        }
    }

    /// <summary>z_i − c_i.</summary>
    public T Difference(int i, ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        int index = Index[i];
        return (index < x.Length ? x[index] : u[index - x.Length]) - Centre[i];
    }
}
