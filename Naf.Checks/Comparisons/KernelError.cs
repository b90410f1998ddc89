using System.Numerics;

namespace Naf.Checks.Comparisons;

/// <summary>The deviation of a kernel from double precision.</summary>
/// <param name="Of">What was computed.</param>
/// <param name="Error">The largest error; ∞ where a number is not finite.</param>
/// <param name="Bound">The largest error that rounding explains.</param>
internal readonly record struct KernelError(string Of, double Error, double Bound)
{
    /// <summary>Whether rounding explains the error.</summary>
    public bool Agrees => Error < Bound;

    /// <summary>Largest error relative to 1 + the expected size, or to a given size; ∞ if not finite.</summary>
    public static double Largest<T>(ReadOnlySpan<T> actual, double[] expected, double? size = null) where T : INumber<T>
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(double.CreateChecked(actual[i]) - expected[i]);
            error /= size ?? 1 + Math.Abs(expected[i]);
            // finite first: a maximum would pass over a NaN
            if (!double.IsFinite(error)) return double.PositiveInfinity;
            largest = Math.Max(largest, error);
        }
        return largest;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Of} {Error} of {Bound}";
}
