using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>Eight doubles: AVX-512, with its transposition of 8 × 8 in registers.</summary>
internal readonly unsafe struct Doubles512 : IDoubleLanes<Vector512<double>>
{
    public static int Width => 8;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Load(double* source) => Vector512.Load(source);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(double* target, Vector512<double> value) => value.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> All(double value) => Vector512.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => a * b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Divide(Vector512<double> a, Vector512<double> b) => a / b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) => Vector512.FusedMultiplyAdd(a, b, c);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Root(Vector512<double> a) => Vector512.Sqrt(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Max(Vector512<double> a, Vector512<double> b) => Vector512.MaxNative(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Abs(Vector512<double> a) => Vector512.Abs(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<double> Negate(Vector512<double> a) => -a;

    public static void Gather(double** lanes, nint column, double* to, nint stride)
    {
        if (!Avx512F.IsSupported)
        {
            LaneTranspositions.Gather(Width, lanes, column, to, stride);
            return;
        }
        Vector512<double> r0 = Load(lanes[0] + column), r1 = Load(lanes[1] + column), r2 = Load(lanes[2] + column), r3 = Load(lanes[3] + column);
        Vector512<double> r4 = Load(lanes[4] + column), r5 = Load(lanes[5] + column), r6 = Load(lanes[6] + column), r7 = Load(lanes[7] + column);
        Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        Store(to, r0);
        Store(to + stride, r1);
        Store(to + 2 * stride, r2);
        Store(to + 3 * stride, r3);
        Store(to + 4 * stride, r4);
        Store(to + 5 * stride, r5);
        Store(to + 6 * stride, r6);
        Store(to + 7 * stride, r7);
    }

    public static void Scatter(double* from, nint stride, double** lanes, nint column)
    {
        if (!Avx512F.IsSupported)
        {
            LaneTranspositions.Scatter(Width, from, stride, lanes, column);
            return;
        }
        Vector512<double> r0 = Load(from), r1 = Load(from + stride), r2 = Load(from + 2 * stride), r3 = Load(from + 3 * stride);
        Vector512<double> r4 = Load(from + 4 * stride), r5 = Load(from + 5 * stride), r6 = Load(from + 6 * stride), r7 = Load(from + 7 * stride);
        Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        Store(lanes[0] + column, r0);
        Store(lanes[1] + column, r1);
        Store(lanes[2] + column, r2);
        Store(lanes[3] + column, r3);
        Store(lanes[4] + column, r4);
        Store(lanes[5] + column, r5);
        Store(lanes[6] + column, r6);
        Store(lanes[7] + column, r7);
    }

    public static void ScatterSingle(double* from, nint stride, float** lanes, nint column)
    {
        if (!Avx512F.IsSupported)
        {
            LaneTranspositions.ScatterSingle(Width, from, stride, lanes, column);
            return;
        }
        Vector512<double> r0 = Load(from), r1 = Load(from + stride), r2 = Load(from + 2 * stride), r3 = Load(from + 3 * stride);
        Vector512<double> r4 = Load(from + 4 * stride), r5 = Load(from + 5 * stride), r6 = Load(from + 6 * stride), r7 = Load(from + 7 * stride);
        Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        Avx512F.ConvertToVector256Single(r0).Store(lanes[0] + column);
        Avx512F.ConvertToVector256Single(r1).Store(lanes[1] + column);
        Avx512F.ConvertToVector256Single(r2).Store(lanes[2] + column);
        Avx512F.ConvertToVector256Single(r3).Store(lanes[3] + column);
        Avx512F.ConvertToVector256Single(r4).Store(lanes[4] + column);
        Avx512F.ConvertToVector256Single(r5).Store(lanes[5] + column);
        Avx512F.ConvertToVector256Single(r6).Store(lanes[6] + column);
        Avx512F.ConvertToVector256Single(r7).Store(lanes[7] + column);
    }

    // 8 × 8: pairs of rows, then quarters of four rows, then halves
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector512<double> r0, ref Vector512<double> r1, ref Vector512<double> r2, ref Vector512<double> r3,
        ref Vector512<double> r4, ref Vector512<double> r5, ref Vector512<double> r6, ref Vector512<double> r7)
    {
        Vector512<double> e01 = Avx512F.UnpackLow(r0, r1), o01 = Avx512F.UnpackHigh(r0, r1);
        Vector512<double> e23 = Avx512F.UnpackLow(r2, r3), o23 = Avx512F.UnpackHigh(r2, r3);
        Vector512<double> e45 = Avx512F.UnpackLow(r4, r5), o45 = Avx512F.UnpackHigh(r4, r5);
        Vector512<double> e67 = Avx512F.UnpackLow(r6, r7), o67 = Avx512F.UnpackHigh(r6, r7);
        Vector512<long> first = Vector512.Create(0L, 1, 8, 9, 4, 5, 12, 13), second = Vector512.Create(2L, 3, 10, 11, 6, 7, 14, 15);
        Vector512<double> c04 = Avx512F.PermuteVar8x64x2(e01, first, e23), d04 = Avx512F.PermuteVar8x64x2(e45, first, e67);
        Vector512<double> c15 = Avx512F.PermuteVar8x64x2(o01, first, o23), d15 = Avx512F.PermuteVar8x64x2(o45, first, o67);
        Vector512<double> c26 = Avx512F.PermuteVar8x64x2(e01, second, e23), d26 = Avx512F.PermuteVar8x64x2(e45, second, e67);
        Vector512<double> c37 = Avx512F.PermuteVar8x64x2(o01, second, o23), d37 = Avx512F.PermuteVar8x64x2(o45, second, o67);
        (r0, r4) = (Avx512F.Shuffle4x128(c04, d04, 0x44), Avx512F.Shuffle4x128(c04, d04, 0xEE));
        (r1, r5) = (Avx512F.Shuffle4x128(c15, d15, 0x44), Avx512F.Shuffle4x128(c15, d15, 0xEE));
        (r2, r6) = (Avx512F.Shuffle4x128(c26, d26, 0x44), Avx512F.Shuffle4x128(c26, d26, 0xEE));
        (r3, r7) = (Avx512F.Shuffle4x128(c37, d37, 0x44), Avx512F.Shuffle4x128(c37, d37, 0xEE));
    }
}
