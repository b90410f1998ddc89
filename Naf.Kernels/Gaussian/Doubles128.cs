using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Naf.Kernels;

/// <summary>Two doubles: what every processor has.</summary>
internal readonly unsafe struct Doubles128 : IDoubleLanes<Vector128<double>>
{
    public static int Width => 2;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Load(double* source) => Vector128.Load(source);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(double* target, Vector128<double> value) => value.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> All(double value) => Vector128.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Add(Vector128<double> a, Vector128<double> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Multiply(Vector128<double> a, Vector128<double> b) => a * b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Divide(Vector128<double> a, Vector128<double> b) => a / b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> MultiplyAdd(Vector128<double> a, Vector128<double> b, Vector128<double> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Root(Vector128<double> a) => Vector128.Sqrt(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Max(Vector128<double> a, Vector128<double> b) => Vector128.MaxNative(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Abs(Vector128<double> a) => Vector128.Abs(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<double> Negate(Vector128<double> a) => -a;

    public static void Gather(double** lanes, nint column, double* to, nint stride) =>
        LaneTranspositions.Gather(Width, lanes, column, to, stride);

    public static void Scatter(double* from, nint stride, double** lanes, nint column) =>
        LaneTranspositions.Scatter(Width, from, stride, lanes, column);

    public static void ScatterSingle(double* from, nint stride, float** lanes, nint column) =>
        LaneTranspositions.ScatterSingle(Width, from, stride, lanes, column);
}
