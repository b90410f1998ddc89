using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Naf.Kernels.Scalar;

/// <summary>
/// Four adjacent elements, which a device loads in one access. Arrays and rows read this way begin at a multiple of
/// four elements.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Four<T> where T : unmanaged, INumber<T>
{
    public T A, B, C, D;

    /// <summary>View in groups of four of an array that begins at a multiple of four elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<Four<T>> View(ArrayView<T> of) => of.AsAligned(16).Cast<Four<T>>();

    /// <summary>this += w x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T w, in Four<T> x)
    {
        A += w * x.A;
        B += w * x.B;
        C += w * x.C;
        D += w * x.D;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<T> operator +(Four<T> x, Four<T> y) =>
        new() { A = x.A + y.A, B = x.B + y.B, C = x.C + y.C, D = x.D + y.D };

    /// <summary>max(x, 0) elementwise; NaN propagates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<T> Relu(Four<T> x) => new()
    {
        A = x.A < T.Zero ? T.Zero : x.A, B = x.B < T.Zero ? T.Zero : x.B,
        C = x.C < T.Zero ? T.Zero : x.C, D = x.D < T.Zero ? T.Zero : x.D,
    };
}
