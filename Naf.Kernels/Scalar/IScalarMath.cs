using System.Numerics;

namespace Naf.Kernels.Scalar;

/// <summary>
/// Functions that a kernel body needs beyond arithmetic and comparison. On devices they consist of sums and products,
/// so that every back end gives the same results: ILGPU's own functions have errors of 5e-4 on CUDA.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal interface IScalarMath<T> where T : unmanaged, INumber<T>
{
    /// <summary>The nearest number.</summary>
    static abstract T From(double x);

    static abstract T From(int x);

    static abstract T From(float x);

    /// <summary>The nearest float32.</summary>
    static abstract float ToFloat(T x);

    /// <summary>Neither infinite nor NaN.</summary>
    static abstract bool IsFinite(T x);

    static abstract T Sqrt(T x);

    static abstract T Exp(T x);

    /// <summary>ln x, x &gt; 0 and not denormal.</summary>
    static abstract T Log(T x);

    /// <summary>ln(1 + x), x ≥ 0.</summary>
    static abstract T LogP1(T x);

    static abstract T Tanh(T x);

    /// <summary>sin x, x in radians.</summary>
    static abstract T Sin(T x);

    /// <summary>cos x, x in radians.</summary>
    static abstract T Cos(T x);
}

/// <summary>
/// Double precision on the host, by .NET, as a reference for tests. Device kernels may use only the members that are
/// plain arithmetic, and <see cref="Sqrt"/>.
/// </summary>
internal readonly struct DoubleMath : IScalarMath<double>
{
    public static double From(double x) => x;

    public static double From(int x) => x;

    public static double From(float x) => x;

    public static float ToFloat(double x) => (float)x;

    public static bool IsFinite(double x) => Math.Abs(x) <= double.MaxValue;

    public static double Sqrt(double x) => Math.Sqrt(x);

    public static double Exp(double x) => Math.Exp(x);

    public static double Log(double x) => Math.Log(x);

    public static double LogP1(double x) => double.LogP1(x);

    public static double Tanh(double x) => Math.Tanh(x);

    public static double Sin(double x) => Math.Sin(x);

    public static double Cos(double x) => Math.Cos(x);
}
