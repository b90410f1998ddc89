using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Reward;

/// <summary>
/// r(x, u) = Σ w clip(ρ(e)) and the termination bounds as tables for kernels, with the same values as
/// <see cref="RewardFunction{T}"/>.
/// </summary>
internal struct RewardTable<T> where T : unmanaged, INumber<T>
{
    private const int SmoothNorm = (int)RewardKind.SmoothNorm, LogQuadratic = (int)RewardKind.LogQuadratic,
        Bump = (int)RewardKind.Bump, Sigmoid = (int)RewardKind.Sigmoid, Product = (int)RewardKind.Product;

    public ArrayView<Term> Terms;

    /// <summary>The entries of all terms, one term after another.</summary>
    public ArrayView<Entry> Entries;

    /// <summary>The factors of all products, one product after another.</summary>
    public ArrayView<Factor> Factors;

    public ArrayView<Bound> Bounds;

    /// <summary>R_term.</summary>
    public T TerminationReward;

    /// <summary>
    /// w clip(ρ(e)), e over entries First to End − 1, or over factors of a product; Linear is 1 for a linear e, 0 for a
    /// quadratic one.
    /// </summary>
    public struct Term
    {
        public int Kind, Linear, First, End;
        public T Weight, Offset, Alpha, Low, High;
    }

    /// <summary>s and c of z_Index.</summary>
    public struct Entry
    {
        public int Index;
        public T Scale, Centre;
    }

    /// <summary>A factor of a product, over entries First to End − 1.</summary>
    public struct Factor
    {
        public int Of, Sigmoid, First, End;
        public T Low, High, Steepness, Least;
    }

    /// <summary>The episode continues while x_Index is within Low to High.</summary>
    public struct Bound
    {
        public int Index;
        public T Low, High;
    }

    public static RewardTable<T> Create<TMath>(RewardDefinition definition, IKernelArrays arrays)
        where TMath : struct, IScalarMath<T>
    {
        Entry[] entries = [.. definition.Terms.SelectMany(term => term.Index.Select((index, i) =>
            new Entry { Index = index, Scale = TMath.From(term.Scale[i]), Centre = TMath.From(term.Centre[i]) }))];
        int end = 0, used = 0;
        var factors = new List<Factor>();
        var terms = new List<Term>();
        foreach (RewardTerm term in definition.Terms)
        {
            bool product = term.Kind == RewardKind.Product;
            terms.Add(new Term
            {
                Kind = (int)term.Kind, Linear = term.IsLinear ? 1 : 0,
                First = product ? factors.Count : end,
                End = product ? factors.Count + term.Factors.Length : end + term.Index.Length,
                Weight = TMath.From(term.Weight), Offset = TMath.From(term.Offset), Alpha = TMath.From(term.Alpha),
                Low = TMath.From(term.ClipLow), High = TMath.From(term.ClipHigh),
            });
            used = end;
            factors.AddRange(term.Factors.Select(f => new Factor
            {
                Of = (int)f.Of, Sigmoid = (int)f.Sigmoid, First = used, End = used += f.Count,
                Low = TMath.From(f.Low), High = TMath.From(f.High),
                Steepness = TMath.From(f.Steepness), Least = TMath.From(f.Least),
            }));
            end += term.Index.Length;
        }
        Bound[] bounds = [.. definition.Bounds.Select(
            b => new Bound { Index = b.Index, Low = TMath.From(b.Low), High = TMath.From(b.High) })];
        return new RewardTable<T>
        {
            Terms = arrays.Put<Term>([.. terms]), Entries = arrays.Put<Entry>(entries),
            Factors = arrays.Put<Factor>([.. factors]), Bounds = arrays.Put<Bound>(bounds),
            TerminationReward = TMath.From(definition.TerminationReward),
        };
    }

    /// <summary>w clip(ρ(e)) of a term.</summary>
    /// <param name="x">[observation].</param>
    /// <param name="u">[action].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Value<TMath>(int index, Column<T> x, int observations, Column<T> u)
        where TMath : struct, IScalarMath<T>
    {
        Term term = Terms[index];
        if (term.Kind == Product) return term.Weight * ProductOf<TMath>(term, x, observations, u);
        T e = term.Offset, square = term.Alpha * term.Alpha, one = TMath.From(1), rho;
        for (int i = term.First; i < term.End; i++)
        {
            T d = Difference(i, x, observations, u), scale = Entries[i].Scale;
            e += term.Linear != 0 ? scale * d : scale * d * d;
        }
        if (term.Kind == SmoothNorm) rho = TMath.Sqrt(e + square) - term.Alpha;
        else if (term.Kind == LogQuadratic) rho = TMath.LogP1(e / square);
        else if (term.Kind == Bump) rho = TMath.Exp(TMath.From(-0.5f) * e / square);
        else if (term.Kind == Sigmoid) rho = one / (one + TMath.Exp(-e / term.Alpha));
        else rho = e;
        if (rho < term.Low) rho = term.Low;
        if (rho > term.High) rho = term.High;
        return term.Weight * rho;
    }

    // Π f of a product
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly T ProductOf<TMath>(Term term, Column<T> x, int observations, Column<T> u)
        where TMath : struct, IScalarMath<T>
    {
        T product = TMath.From(1), one = TMath.From(1);
        for (int k = term.First; k < term.End; k++)
        {
            Factor factor = Factors[k];
            T tolerance = TMath.From(0), e = TMath.From(0), least = one;
            bool each = factor.Of >= (int)ToleranceOf.Mean;
            for (int i = factor.First; i < factor.End; i++)
            {
                T d = Difference(i, x, observations, u), scale = Entries[i].Scale;
                if (each)
                {
                    T of = Tolerance<TMath>(factor, scale * d);
                    tolerance += of;
                    if (of < least) least = of;
                }
                else if (factor.Of == (int)ToleranceOf.Norm) e += scale * d * d;
                else e += scale * d;
            }
            if (factor.Of == (int)ToleranceOf.Mean) tolerance /= TMath.From(factor.End - factor.First);
            if (factor.Of == (int)ToleranceOf.Minimum) tolerance = least;
            if (factor.Of == (int)ToleranceOf.Norm) e = TMath.Sqrt(e);
            if (!each) tolerance = Tolerance<TMath>(factor, e);
            product *= factor.Least + (one - factor.Least) * tolerance;
        }
        return product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Tolerance<TMath>(Factor factor, T e) where TMath : struct, IScalarMath<T>
    {
        T one = TMath.From(1), zero = TMath.From(0), half = TMath.From(0.5f), d = e - factor.High;
        if (e < factor.Low) d = factor.Low - e;
        T y = factor.Steepness * d, value = zero;
        if (factor.Sigmoid == (int)ToleranceSigmoid.Gaussian) value = TMath.Exp(-half * y * y);
        else if (factor.Sigmoid == (int)ToleranceSigmoid.LongTail) value = one / (one + y * y);
        else if (factor.Sigmoid == (int)ToleranceSigmoid.Reciprocal) value = one / (one + y);
        else if (factor.Sigmoid == (int)ToleranceSigmoid.Hyperbolic) value = Sech<TMath>(y);
        else if (factor.Sigmoid == (int)ToleranceSigmoid.TanhSquared) value = Sech<TMath>(y) * Sech<TMath>(y);
        else if (factor.Sigmoid == (int)ToleranceSigmoid.Cosine)
        {
            if (y < TMath.From(MathF.PI)) value = half * (one + TMath.Cos(y));
        }
        else if (factor.Sigmoid == (int)ToleranceSigmoid.Linear) value = one - y;
        else value = one - y * y;
        if (value < zero) value = zero;
        if (factor.Steepness == zero) value = zero;
        if (d <= zero) value = one;
        return value;
    }

    // 1 / cosh y
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sech<TMath>(T y) where TMath : struct, IScalarMath<T>
    {
        T decay = TMath.Exp(-y);
        return (decay + decay) / (TMath.From(1) + decay * decay);
    }

    // z_i − c_i of an entry
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly T Difference(int i, Column<T> x, int observations, Column<T> u)
    {
        int index = Entries[i].Index;
        return (index < observations ? x[index] : u[index - observations]) - Entries[i].Centre;
    }

    /// <summary>Whether an episode ends at x′.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Terminates(Column<T> next)
    {
        bool ends = false;
        for (int i = 0; i < Bounds.IntLength; i++)
        {
            Bound bound = Bounds[i];
            T x = next[bound.Index];
            ends |= x < bound.Low || x > bound.High;
        }
        return ends;
    }
}
