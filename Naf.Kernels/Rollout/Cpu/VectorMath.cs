using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>
/// Elementary functions of 16 floats, to about two units in the last place: polynomials of Moshier's Cephes library
/// after exact argument reduction.
/// </summary>
internal static class VectorMath
{
    /// <summary>ln a for positive normal numbers: a = 2ᵉ m with m in [√½, √2), ln a = e ln 2 + ln m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> a)
    {
        // subtracting the bits of √½ makes the exponent increment at √½ · 2ᵉ
        Vector512<int> bits = a.AsInt32() - Vector512.Create(0x3F3504F3);
        Vector512<float> e = Vector512.ConvertToSingle(bits >> 23);
        Vector512<float> x = ((bits & Vector512.Create(0x007FFFFF)) + Vector512.Create(0x3F3504F3)).AsSingle()
            - Vector512<float>.One;
        Vector512<float> square = x * x;
        Vector512<float> p = Step(Vector512.Create(7.0376836292e-2f), x, -1.1514610310e-1f);
        p = Step(p, x, 1.1676998740e-1f);
        p = Step(p, x, -1.2420140846e-1f);
        p = Step(p, x, 1.4249322787e-1f);
        p = Step(p, x, -1.6668057665e-1f);
        p = Step(p, x, 2.0000714765e-1f);
        p = Step(p, x, -2.4999993993e-1f);
        p = Step(p, x, 3.3333331174e-1f);
        p = Vector512.MultiplyAddEstimate(p * x, square, Vector512.Create(-0.5f) * square);
        // ln 2 in two parts, the larger one with few significant bits
        p = Vector512.MultiplyAddEstimate(e, Vector512.Create(-2.12194440e-4f), p);
        return Vector512.MultiplyAddEstimate(e, Vector512.Create(0.693359375f), x + p);
    }

    /// <summary>sin 2π turn and cos 2π turn for 0 ≤ turn &lt; 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Sine, Vector512<float> Cosine) SinCosTurns(Vector512<float> turn)
    {
        // the nearest quarter turn, and the remainder in [−π/4, π/4]
        Vector512<float> quarters = turn * 4f;
        Vector512<int> quarter = Vector512.ConvertToInt32Native(quarters + Vector512.Create(0.5f));
        Vector512<float> x = (quarters - Vector512.ConvertToSingle(quarter)) * Vector512.Create(1.57079632679f);
        Vector512<float> square = x * x;
        Vector512<float> s = Step(Vector512.Create(-1.9515295891e-4f), square, 8.3321608736e-3f);
        s = Step(s, square, -1.6666654611e-1f);
        s = Vector512.MultiplyAddEstimate(s * square, x, x);
        Vector512<float> c = Step(Vector512.Create(2.443315711809948e-5f), square, -1.388731625493765e-3f);
        c = Step(c, square, 4.166664568298827e-2f);
        c = Vector512.MultiplyAddEstimate(
            c * square, square, Vector512.MultiplyAddEstimate(Vector512.Create(-0.5f), square, Vector512<float>.One));

        // odd quarters swap sine and cosine; the quarter gives the signs
        Vector512<float> odd = Vector512.Equals(quarter & Vector512<int>.One, Vector512<int>.One).AsSingle();
        Vector512<int> sineSign = (quarter & Vector512.Create(2)) << 30;
        Vector512<int> cosineSign = ((quarter + Vector512<int>.One) & Vector512.Create(2)) << 30;
        Vector512<float> sine = Vector512.ConditionalSelect(odd, c, s), cosine = Vector512.ConditionalSelect(odd, s, c);
        return ((sine.AsInt32() ^ sineSign).AsSingle(), (cosine.AsInt32() ^ cosineSign).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Step(Vector512<float> p, Vector512<float> x, float next) =>
        Vector512.MultiplyAddEstimate(p, x, Vector512.Create(next));
}
