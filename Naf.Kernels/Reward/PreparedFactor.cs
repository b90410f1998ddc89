using System.Numerics;

namespace Naf.Kernels.Reward;

/// <summary>A <see cref="ToleranceFactor"/> rounded to T, with its derivatives.</summary>
/// <param name="first">Index of its first entry in the term.</param>
internal sealed class PreparedFactor<T>(PreparedTerm<T> term, ToleranceFactor factor, int first)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly ToleranceOf _of = factor.Of;
    private readonly ToleranceSigmoid _sigmoid = factor.Sigmoid;
    private readonly T _low = T.CreateChecked(factor.Low), _high = T.CreateChecked(factor.High),
        _steepness = T.CreateChecked(factor.Steepness), _least = T.CreateChecked(factor.Least);
    private static readonly T Half = T.CreateChecked(0.5), Two = T.One + T.One;

    // y from which a tolerance that has an end is 0
    private T Last => _sigmoid == ToleranceSigmoid.Cosine ? T.Pi : T.One;

    public int First => first;

    public int End => first + factor.Count;

    /// <summary>f.</summary>
    public T Value(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        T tolerance = T.Zero;
        if (_of is ToleranceOf.Value or ToleranceOf.Norm)
            tolerance = Tolerance(Argument(x, u));
        else if (_of == ToleranceOf.Minimum)
            tolerance = Tolerance(Single(Lowest(x, u), x, u));
        else
        {
            for (int i = First; i < End; i++) tolerance += Tolerance(Single(i, x, u));
            tolerance /= T.CreateChecked(factor.Count);
        }
        return _least + (T.One - _least) * tolerance;
    }

    /// <summary>∂f/∂z_i of its entries, in [entries of the term].</summary>
    public void Gradient(ReadOnlySpan<T> x, ReadOnlySpan<T> u, Span<T> gradient)
    {
        if (_of is ToleranceOf.Value or ToleranceOf.Norm)
        {
            T e = Argument(x, u), slope = Derivatives(e).First;
            for (int i = First; i < End; i++) gradient[i] = slope * Slope(i, e, x, u);
            return;
        }
        (int from, int to, T share) = Used(x, u);
        gradient[First..End].Clear();
        for (int i = from; i < to; i++) gradient[i] = share * Derivatives(Single(i, x, u)).First * term.Scale[i];
    }

    /// <summary>Adds a ∂²f/∂z² to a Hessian, or only its positive semidefinite parts.</summary>
    /// <param name="hessian">[size, size] row-major.</param>
    public void AddHessian(
        T a, bool semidefinite, ReadOnlySpan<T> x, ReadOnlySpan<T> u, int size, Span<T> hessian)
    {
        if (_of is ToleranceOf.Value or ToleranceOf.Norm)
        {
            T e = Argument(x, u);
            (T first, T second) = Derivatives(e);
            // f″ g gᵀ + f′ ∂²e/∂z²; of a norm the latter is (S − g gᵀ)/e, which is semidefinite
            T outer = Kept(a * second), curved = T.Zero;
            if (_of == ToleranceOf.Norm && e > T.Zero) curved = Kept(a * first) / e;
            for (int i = First; i < End; i++)
            {
                int row = term.Index[i] * size;
                T g = (outer - curved) * Slope(i, e, x, u);
                for (int j = First; j < End; j++) hessian[row + term.Index[j]] += g * Slope(j, e, x, u);
                hessian[row + term.Index[i]] += curved * term.Scale[i];
            }
            return;
        }
        (int from, int to, T share) = Used(x, u);
        for (int i = from; i < to; i++)
            hessian[term.Index[i] * size + term.Index[i]] +=
                Kept(a * share * Derivatives(Single(i, x, u)).Second) * term.Scale[i] * term.Scale[i];

        T Kept(T part) => semidefinite ? T.Max(part, T.Zero) : part;
    }

    // entries that the factor depends on, and their weight
    private (int From, int To, T Share) Used(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        if (_of == ToleranceOf.Mean) return (First, End, T.One / T.CreateChecked(factor.Count));
        int lowest = Lowest(x, u);
        return (lowest, lowest + 1, T.One);
    }

    private T Single(int i, ReadOnlySpan<T> x, ReadOnlySpan<T> u) => term.Scale[i] * term.Difference(i, x, u);

    private int Lowest(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        int lowest = First;
        for (int i = First + 1; i < End; i++)
            if (Tolerance(Single(i, x, u)) < Tolerance(Single(lowest, x, u))) lowest = i;
        return lowest;
    }

    // the sum or the norm
    private T Argument(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        T e = T.Zero;
        for (int i = First; i < End; i++)
        {
            T d = term.Difference(i, x, u);
            e += _of == ToleranceOf.Value ? term.Scale[i] * d : term.Scale[i] * d * d;
        }
        return _of == ToleranceOf.Value ? e : T.Sqrt(e);
    }

    // g_i = ∂e/∂z_i; a norm of 0 has none, and 0 stands for it
    private T Slope(int i, T e, ReadOnlySpan<T> x, ReadOnlySpan<T> u) =>
        _of == ToleranceOf.Value ? term.Scale[i] : e > T.Zero ? Single(i, x, u) / e : T.Zero;

    private T Tolerance(T e)
    {
        if (!(Beyond(e) is var d && d > T.Zero)) return T.IsNaN(d) ? d : T.One;
        if (_steepness == T.Zero) return T.Zero;
        T y = _steepness * d;
        switch (_sigmoid)
        {
            case ToleranceSigmoid.Gaussian:
                return T.Exp(-Half * y * y);
            case ToleranceSigmoid.Hyperbolic:
                return Sech(y);
            case ToleranceSigmoid.LongTail:
                return T.One / (T.One + y * y);
            case ToleranceSigmoid.Reciprocal:
                return T.One / (T.One + y);
            case ToleranceSigmoid.TanhSquared:
                T sech = Sech(y);
                return sech * sech;
            default:
                if (y >= Last) return T.Zero;
                return _sigmoid switch
                {
                    ToleranceSigmoid.Cosine => Half * (T.One + T.Cos(y)),
                    ToleranceSigmoid.Linear => T.One - y,
                    _ => T.One - y * y,
                };
        }
    }

    // ∂f/∂e and ∂²f/∂e²; at a kink those of the side inside
    private (T First, T Second) Derivatives(T e)
    {
        T d = Beyond(e), y = _steepness * d, first, second;
        if (!(y > T.Zero)) return (T.Zero, T.Zero);
        T value = Tolerance(e);
        switch (_sigmoid)
        {
            case ToleranceSigmoid.Gaussian:
                (first, second) = (-y * value, (y * y - T.One) * value);
                break;
            case ToleranceSigmoid.Hyperbolic:
                (first, second) = (-value * T.Tanh(y), value * (T.One - Two * value * value));
                break;
            case ToleranceSigmoid.LongTail:
                T square = value * value;
                (first, second) = (-Two * y * square, Two * (Two * y * y + y * y - T.One) * square * value);
                break;
            case ToleranceSigmoid.Reciprocal:
                (first, second) = (-value * value, Two * value * value * value);
                break;
            case ToleranceSigmoid.TanhSquared:
                // value is sech² y
                (first, second) = (-Two * value * T.Tanh(y), Two * value * (Two - (Two + T.One) * value));
                break;
            default:
                if (y >= Last) return (T.Zero, T.Zero);
                (first, second) = _sigmoid switch
                {
                    ToleranceSigmoid.Cosine => (-Half * T.Sin(y), -Half * T.Cos(y)),
                    ToleranceSigmoid.Linear => (-T.One, T.Zero),
                    _ => (-Two * y, -Two),
                };
                break;
        }
        T range = T.One - _least, along = e < _low ? -_steepness : _steepness;
        return (range * along * first, range * along * along * second);
    }

    // distance from the bounds; not positive within them
    private T Beyond(T e) => e < _low ? _low - e : e - _high;

    private static T Sech(T y)
    {
        T decay = T.Exp(-y);
        return Two * decay / (T.One + decay * decay);
    }
}
