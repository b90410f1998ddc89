using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>A thread's sums of a matrix product, in registers: four columns of some rows.</summary>
internal interface IRowSums<T> where T : unmanaged, INumber<T>
{
    static abstract int Rows { get; }

    /// <summary>Four terms of every sum: sums[r] += h[r]₀ w0 + h[r]₁ w1 + h[r]₂ w2 + h[r]₃ w3.</summary>
    /// <param name="at">Index of h[0]; h[r] is at r times <paramref name="stride"/> from it.</param>
    void Add(Four<T> w0, Four<T> w1, Four<T> w2, Four<T> w3, ArrayView<Four<T>> h, int at, int stride);

    /// <summary>Writes the sums, with the same indexing.</summary>
    void Store(ArrayView<Four<T>> to, int at, int stride);
}

internal struct OneRow<T> : IRowSums<T> where T : unmanaged, INumber<T>
{
    private Four<T> _sums;

    public static int Rows => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Four<T> w0, Four<T> w1, Four<T> w2, Four<T> w3, ArrayView<Four<T>> h, int at, int stride)
    {
        Four<T> x = h[at];
        _sums.Add(x.A, w0);
        _sums.Add(x.B, w1);
        _sums.Add(x.C, w2);
        _sums.Add(x.D, w3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<T>> to, int at, int stride) => to[at] = _sums;
}

/// <summary>Twice as many rows: <c>Twice&lt;T, Twice&lt;T, OneRow&lt;T&gt;&gt;&gt;</c> has four.</summary>
internal struct Twice<T, TSums> : IRowSums<T> where T : unmanaged, INumber<T> where TSums : struct, IRowSums<T>
{
    /// <summary>The first half of the rows, and the second.</summary>
    public TSums Low, High;

    public static int Rows => 2 * TSums.Rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Four<T> w0, Four<T> w1, Four<T> w2, Four<T> w3, ArrayView<Four<T>> h, int at, int stride)
    {
        Low.Add(w0, w1, w2, w3, h, at, stride);
        High.Add(w0, w1, w2, w3, h, at + TSums.Rows * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ArrayView<Four<T>> to, int at, int stride)
    {
        Low.Store(to, at, stride);
        High.Store(to, at + TSums.Rows * stride, stride);
    }
}
