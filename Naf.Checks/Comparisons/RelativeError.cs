namespace Naf.Checks.Comparisons;

/// <summary>How far numbers in float32 are from those in double precision.</summary>
internal static class RelativeError
{
    /// <summary>The largest error over 1 + the size of what is expected; ∞ where a number is not finite.</summary>
    public static double Largest(ReadOnlySpan<float> actual, double[] expected)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]) / (1 + Math.Abs(expected[i]));
            // finite first: a maximum would pass over a NaN
            if (!double.IsFinite(error)) return double.PositiveInfinity;
            largest = Math.Max(largest, error);
        }
        return largest;
    }
}
