using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>Four doubles: AVX2, with its transposition of 4 × 4 in registers.</summary>
internal readonly unsafe struct Doubles256 : IDoubleLanes<Vector256<double>>
{
    public static int Width => 4;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Load(double* source) => Vector256.Load(source);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(double* target, Vector256<double> value) => value.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> All(double value) => Vector256.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Add(Vector256<double> a, Vector256<double> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Multiply(Vector256<double> a, Vector256<double> b) => a * b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Divide(Vector256<double> a, Vector256<double> b) => a / b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> MultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(a, b, c);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Root(Vector256<double> a) => Vector256.Sqrt(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Max(Vector256<double> a, Vector256<double> b) => Vector256.MaxNative(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Abs(Vector256<double> a) => Vector256.Abs(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<double> Negate(Vector256<double> a) => -a;

    public static void Gather(double** lanes, nint column, double* to, nint stride)
    {
        if (!Avx.IsSupported)
        {
            LaneTranspositions.Gather(Width, lanes, column, to, stride);
            return;
        }
        Vector256<double> r0 = Load(lanes[0] + column), r1 = Load(lanes[1] + column), r2 = Load(lanes[2] + column), r3 = Load(lanes[3] + column);
        Transpose(ref r0, ref r1, ref r2, ref r3);
        Store(to, r0);
        Store(to + stride, r1);
        Store(to + 2 * stride, r2);
        Store(to + 3 * stride, r3);
    }

    public static void Scatter(double* from, nint stride, double** lanes, nint column)
    {
        if (!Avx.IsSupported)
        {
            LaneTranspositions.Scatter(Width, from, stride, lanes, column);
            return;
        }
        Vector256<double> r0 = Load(from), r1 = Load(from + stride), r2 = Load(from + 2 * stride), r3 = Load(from + 3 * stride);
        Transpose(ref r0, ref r1, ref r2, ref r3);
        Store(lanes[0] + column, r0);
        Store(lanes[1] + column, r1);
        Store(lanes[2] + column, r2);
        Store(lanes[3] + column, r3);
    }

    public static void ScatterSingle(double* from, nint stride, float** lanes, nint column)
    {
        if (!Avx.IsSupported)
        {
            LaneTranspositions.ScatterSingle(Width, from, stride, lanes, column);
            return;
        }
        Vector256<double> r0 = Load(from), r1 = Load(from + stride), r2 = Load(from + 2 * stride), r3 = Load(from + 3 * stride);
        Transpose(ref r0, ref r1, ref r2, ref r3);
        Avx.ConvertToVector128Single(r0).Store(lanes[0] + column);
        Avx.ConvertToVector128Single(r1).Store(lanes[1] + column);
        Avx.ConvertToVector128Single(r2).Store(lanes[2] + column);
        Avx.ConvertToVector128Single(r3).Store(lanes[3] + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector256<double> r0, ref Vector256<double> r1, ref Vector256<double> r2, ref Vector256<double> r3)
    {
        Vector256<double> e01 = Avx.UnpackLow(r0, r1), o01 = Avx.UnpackHigh(r0, r1), e23 = Avx.UnpackLow(r2, r3), o23 = Avx.UnpackHigh(r2, r3);
        (r0, r2) = (Avx.Permute2x128(e01, e23, 0x20), Avx.Permute2x128(e01, e23, 0x31));
        (r1, r3) = (Avx.Permute2x128(o01, o23, 0x20), Avx.Permute2x128(o01, o23, 0x31));
    }
}
