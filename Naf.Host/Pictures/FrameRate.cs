namespace Naf.Host.Pictures;

/// <summary>Frames per second as a fraction, and how many control steps a frame stands for: a video in real time.</summary>
/// <param name="Numerator">Frames in <paramref name="Denominator"/> seconds.</param>
/// <param name="Denominator">Seconds.</param>
/// <param name="Stride">Control steps from a frame to the next.</param>
internal readonly record struct FrameRate(int Numerator, int Denominator, int Stride)
{
    /// <summary>Most frames a second: what screens show.</summary>
    public const double Most = 60;

    private const int LargestDenominator = 1001;

    public double PerSecond => (double)Numerator / Denominator;

    /// <summary>A frame for each control step, or for as few of them as keep to <see cref="Most"/>.</summary>
    /// <param name="controlStep">Seconds.</param>
    public static FrameRate Of(double controlStep)
    {
        int stride = Math.Max(1, (int)Math.Ceiling(1 / (controlStep * Most) - 1e-9));
        (int numerator, int denominator) = Fraction(1 / (controlStep * stride));
        return new FrameRate(numerator, denominator, stride);
    }

    /// <summary>The fraction of the smallest denominator that is as near as no player can tell (1e-6), by continued fractions.</summary>
    private static (int Numerator, int Denominator) Fraction(double value)
    {
        (long p, long q, long p0, long q0) = (1, 0, 0, 1);
        for (double rest = value; ;)
        {
            long whole = (long)Math.Floor(rest);
            (p, q, p0, q0) = (whole * p + p0, whole * q + q0, p, q);
            if (q > LargestDenominator) return ((int)p0, (int)q0);
            if (Math.Abs((double)p / q - value) <= 1e-6 * value) return ((int)p, (int)q);
            rest = 1 / (rest - whole);
        }
    }
}
