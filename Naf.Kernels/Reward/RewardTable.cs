using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Reward;

/// <summary>
/// r(x, u) = Σ w ρ(e) and the termination bounds as tables for kernels, with the same values as
/// <see cref="RewardFunction{T}"/>.
/// </summary>
internal struct RewardTable<T> where T : unmanaged, INumber<T>
{
    private const int SmoothNorm = (int)RewardKind.SmoothNorm, LogQuadratic = (int)RewardKind.LogQuadratic,
        Bump = (int)RewardKind.Bump, Sigmoid = (int)RewardKind.Sigmoid;

    public ArrayView<Term> Terms;

    /// <summary>The entries of all terms, one term after another.</summary>
    public ArrayView<Entry> Entries;

    public ArrayView<Bound> Bounds;

    /// <summary>R_term.</summary>
    public T TerminationReward;

    /// <summary>w ρ(e), e over entries First to End − 1; Linear is 1 for a linear e, 0 for a quadratic one.</summary>
    public struct Term
    {
        public int Kind, Linear, First, End;
        public T Weight, Offset, Alpha;
    }

    /// <summary>s and c of z_Index.</summary>
    public struct Entry
    {
        public int Index;
        public T Scale, Centre;
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
        int end = 0;
        Term[] terms = [.. definition.Terms.Select(term => new Term
        {
            Kind = (int)term.Kind, Linear = term.IsLinear ? 1 : 0, First = end, End = end += term.Index.Length,
            Weight = TMath.From(term.Weight), Offset = TMath.From(term.Offset), Alpha = TMath.From(term.Alpha),
        })];
        Bound[] bounds = [.. definition.Bounds.Select(
            b => new Bound { Index = b.Index, Low = TMath.From(b.Low), High = TMath.From(b.High) })];
        return new RewardTable<T>
        {
            Terms = arrays.Put<Term>(terms), Entries = arrays.Put<Entry>(entries), Bounds = arrays.Put<Bound>(bounds),
            TerminationReward = TMath.From(definition.TerminationReward),
        };
    }

    /// <summary>w ρ(e) of a term.</summary>
    /// <param name="x">[observation].</param>
    /// <param name="u">[action].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Value<TMath>(int index, Column<T> x, int observations, Column<T> u)
        where TMath : struct, IScalarMath<T>
    {
        Term term = Terms[index];
        T e = term.Offset, square = term.Alpha * term.Alpha, one = TMath.From(1), rho;
        for (int i = term.First; i < term.End; i++)
        {
            Entry entry = Entries[i];
            T z = entry.Index < observations ? x[entry.Index] : u[entry.Index - observations], d = z - entry.Centre;
            e += term.Linear != 0 ? entry.Scale * d : entry.Scale * d * d;
        }
        if (term.Kind == SmoothNorm) rho = TMath.Sqrt(e + square) - term.Alpha;
        else if (term.Kind == LogQuadratic) rho = TMath.LogP1(e / square);
        else if (term.Kind == Bump) rho = TMath.Exp(TMath.From(-0.5f) * e / square);
        else if (term.Kind == Sigmoid) rho = one / (one + TMath.Exp(-e / term.Alpha));
        else rho = e;
        return term.Weight * rho;
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
