using ILGPU;

namespace Naf.Kernels.Scalar;

/// <summary>
/// Elementary functions in float32 by polynomials (Moshier's Cephes library), to a relative error of 2e-7; sine and
/// cosine to an absolute error of 2e-7 for angles up to 1e4; eˣ is 0 below −87. NaN propagates. ILGPU 1.5.3 generates
/// wrong OpenCL for nested conditionals with constants, and for integer results of a conditional that are converted to
/// float; kernels avoid both.
/// </summary>
internal readonly struct FloatMath : IScalarMath<float>
{
    // adding it leaves the nearest integer in the low bits
    private const float RoundToInteger = 12582912f;

    public static float From(double x) => (float)x;

    public static float From(int x) => x;

    public static float From(float x) => x;

    public static float ToFloat(float x) => x;

    /// <summary>
    /// Neither infinite nor NaN. Tests the bits, since ILGPU 1.5.3 compiles an inverted comparison to OpenCL as if NaN
    /// did not exist.
    /// </summary>
    public static bool IsFinite(float x) => (Interop.FloatAsInt(x) & 0x7F800000u) != 0x7F800000u;

    public static float Sqrt(float x) => MathF.Sqrt(x);

    public static float Exp(float x)
    {
        // eˣ = 2ⁿ eʳ, |r| ≤ ln 2 / 2
        float low = x < -87f ? -87f : x, c = low > 88.72f ? 88.72f : low;
        float n = c * 1.44269504f + RoundToInteger - RoundToInteger;
        float r = c - n * 0.693359375f + n * 2.12194440e-4f, p = 1.9875691500e-4f;
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * r * r + r + 1f;
        // in two factors, since 2¹²⁸ is not a float
        int half = ((int)n + 256) / 2 - 128;
        float e = p * Interop.IntAsFloat((uint)(half + 127) << 23)
            * Interop.IntAsFloat((uint)((int)n - half + 127) << 23);
        e = x > 88.72f ? float.PositiveInfinity : e;
        return x < -87f ? 0f : e;
    }

    public static float Log(float x)
    {
        // x = 2ᵉ (1 + m), m from √½ − 1 to √2 − 1
        uint bits = Interop.FloatAsInt(x);
        int e = (int)(bits >> 23) - 126;
        float m = Interop.IntAsFloat((bits & 0x7FFFFFu) | 0x3F000000u);
        bool low = m < 0.707106781f;
        e = low ? e - 1 : e;
        m = low ? m + m - 1f : m - 1f;
        float z = m * m, p = 7.0376836292e-2f;
        p = p * m - 1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m - 1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m - 1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m - 2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        float log = m + (p * m * z - 0.5f * z + e * -2.12194440e-4f) + e * 0.693359375f;
        log = x > float.MaxValue ? x : log;
        log = x > 0 ? log : float.NaN;
        return x == 0 ? float.NegativeInfinity : log;
    }

    public static float LogP1(float x)
    {
        // corrects for the rounding error of 1 + x
        float u = 1f + x, log = Log(u) + (x - (u - 1f)) / u;
        return u <= float.MaxValue ? log : u;
    }

    public static float Tanh(float x)
    {
        float a = MathF.Abs(x), z = x * x, p = -5.70498872745e-3f;
        p = p * z + 2.06390887954e-2f;
        p = p * z - 5.37397155531e-2f;
        p = p * z + 1.33314422036e-1f;
        p = p * z - 3.33332819422e-1f;
        float near = p * z * x + x, far = 1f - 2f / (Exp(a + a) + 1f);
        far = x < 0 ? -far : far;
        return a < 0.625f ? near : far;
    }

    public static float Sin(float x) => OfQuarterTurns(x, 0);

    public static float Cos(float x) => OfQuarterTurns(x, 1);

    // sin(x + quarter π / 2): x = n π / 2 + r, |r| ≤ π / 4
    private static float OfQuarterTurns(float x, int quarter)
    {
        float n = x * 0.636619772f + RoundToInteger - RoundToInteger;
        float r = x - n * 1.5703125f - n * 4.83751297e-4f - n * 7.54978995e-8f, z = r * r;
        float sin = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * r + r;
        float cos = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z
            - 0.5f * z + 1f;
        int turn = ((int)n + quarter) & 3;
        float value = (turn & 1) == 0 ? sin : cos;
        return (turn & 2) == 0 ? value : -value;
    }
}
