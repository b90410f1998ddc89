using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>The small operations on padded rows around the products: ReLU, the bits of what is not zero, sums and dot products.</summary>
internal static unsafe class RowOperations<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>z ← max(z, 0) for <paramref name="count"/> elements, a multiple of 16.</summary>
    public static void Relu(long count, float* z)
    {
        TVector zero = TLanes.All(0);
        for (long i = 0; i < count; i += TLanes.Width)
            TLanes.Store(z + i, TLanes.Max(zero, TLanes.Load(z + i)));
    }

    /// <summary>Bit j of a row's words: whether h[m, j] is not zero.</summary>
    /// <param name="h">[rows, columns], columns a multiple of 16.</param>
    /// <param name="bits">[rows, bitWords].</param>
    public static void Mark(int rows, float* h, int columns, ulong* bits, int bitWords)
    {
        for (int m = 0; m < rows; m++, h += columns, bits += bitWords)
            for (int word = 0; word < bitWords; word++)
            {
                ulong found = 0;
                int count = Math.Min(64, columns - 64 * word);
                for (int j = 0; j < count; j += TLanes.Width)
                    found |= (ulong)TLanes.NonZero(TLanes.Load(h + 64 * word + j)) << j;
                bits[word] = found;
            }
    }

    /// <summary>sum[j] = Σₘ d[m, j].</summary>
    public static void SumRows(int rows, float* d, int columns, float* sum)
    {
        for (int j = 0; j < columns; j += TLanes.Width) TLanes.Store(sum + j, TLanes.Load(d + j));
        for (int m = 1; m < rows; m++)
            for (int j = 0; j < columns; j += TLanes.Width)
                TLanes.Store(sum + j, TLanes.Add(TLanes.Load(sum + j), TLanes.Load(d + (nint)m * columns + j)));
    }

    /// <summary>out[m, o] = bias[o] + h[m, :] · W[o, :] for each output o.</summary>
    /// <param name="h">[rows, columns], columns a multiple of 16.</param>
    /// <param name="weights">[outputs, columns].</param>
    /// <param name="result">[rows, resultRow].</param>
    public static void Dot(int rows, float* h, int columns, float* weights, float* bias, int outputs, float* result, int resultRow)
    {
        int tiled = rows & ~3;
        for (int o = 0; o < outputs; o++)
            for (int m = 0; m < tiled; m += 4)
            {
                Vector128<float> sums = Vector128.Create(bias[o]) + Dot4(h + (nint)m * columns, columns, weights + (nint)o * columns, columns);
                for (int i = 0; i < 4; i++) result[(nint)(m + i) * resultRow + o] = sums.GetElement(i);
            }
        // the last rows: four outputs at a time, the last outputs alone
        for (int m = tiled; m < rows; m++)
            for (int o = 0, count; o < outputs; o += count)
            {
                count = outputs - o >= 4 ? 4 : 1;
                Vector128<float> sums = Dot4(weights + (nint)o * columns, count == 4 ? columns : 0, h + (nint)m * columns, columns);
                for (int i = 0; i < count; i++) result[(nint)m * resultRow + o + i] = bias[o + i] + sums.GetElement(i);
            }
    }

    // a[i, :] · b for four rows of a: four sums that do not wait for each other
    private static Vector128<float> Dot4(float* a, nint row, float* b, int columns)
    {
        float* lanes = stackalloc float[64];
        for (int lane = 0; lane < 16; lane += TLanes.Width)
        {
            TVector s0 = TLanes.All(0), s1 = s0, s2 = s0, s3 = s0;
            for (nint j = lane; j < columns; j += 16)
            {
                TVector x = TLanes.Load(b + j);
                s0 = TLanes.MultiplyAdd(x, TLanes.Load(a + j), s0);
                s1 = TLanes.MultiplyAdd(x, TLanes.Load(a + row + j), s1);
                s2 = TLanes.MultiplyAdd(x, TLanes.Load(a + 2 * row + j), s2);
                s3 = TLanes.MultiplyAdd(x, TLanes.Load(a + 3 * row + j), s3);
            }
            TLanes.Store(lanes + lane, s0);
            TLanes.Store(lanes + 16 + lane, s1);
            TLanes.Store(lanes + 32 + lane, s2);
            TLanes.Store(lanes + 48 + lane, s3);
        }
        return Sum4(Fold(lanes), Fold(lanes + 16), Fold(lanes + 32), Fold(lanes + 48));
    }

    /// <summary>Σ xᵢ² over <paramref name="count"/> elements (a multiple of 16), summed in 64 lanes, since one sum waits for the last.</summary>
    public static float SumOfSquares(float* x, int count)
    {
        float* lanes = stackalloc float[64];
        for (int lane = 0; lane < 16; lane += TLanes.Width)
        {
            TVector s0 = TLanes.All(0), s1 = s0, s2 = s0, s3 = s0;
            int i = lane;
            for (; i + 48 < count; i += 64)
            {
                TVector x0 = TLanes.Load(x + i), x1 = TLanes.Load(x + i + 16), x2 = TLanes.Load(x + i + 32), x3 = TLanes.Load(x + i + 48);
                s0 = TLanes.MultiplyAdd(x0, x0, s0);
                s1 = TLanes.MultiplyAdd(x1, x1, s1);
                s2 = TLanes.MultiplyAdd(x2, x2, s2);
                s3 = TLanes.MultiplyAdd(x3, x3, s3);
            }
            for (; i < count; i += 16) s0 = TLanes.MultiplyAdd(TLanes.Load(x + i), TLanes.Load(x + i), s0);
            TLanes.Store(lanes + lane, s0);
            TLanes.Store(lanes + 16 + lane, s1);
            TLanes.Store(lanes + 32 + lane, s2);
            TLanes.Store(lanes + 48 + lane, s3);
        }
        Vector128<float> sums = Sum4(Fold(lanes), Fold(lanes + 16), Fold(lanes + 32), Fold(lanes + 48));
        return sums.GetElement(0) + sums.GetElement(1) + (sums.GetElement(2) + sums.GetElement(3));
    }

    // 16 lanes to 4, in one fixed order
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(float* lanes) =>
        Vector128.Load(lanes) + Vector128.Load(lanes + 4) + (Vector128.Load(lanes + 8) + Vector128.Load(lanes + 12));

    // element i: the sum of the i-th argument's elements, (0 + 2) + (1 + 3)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sum4(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        Vector128<float> ab = Interleave(a, b, high: false) + Interleave(a, b, high: true);
        Vector128<float> cd = Interleave(c, d, high: false) + Interleave(c, d, high: true);
        // ab = (a0 + a2, b0 + b2, a1 + a3, b1 + b3)
        return Vector128.Create(ab.GetLower(), cd.GetLower()) + Vector128.Create(ab.GetUpper(), cd.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, bool high)
    {
        if (Sse.IsSupported) return high ? Sse.UnpackHigh(a, b) : Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return high ? AdvSimd.Arm64.ZipHigh(a, b) : AdvSimd.Arm64.ZipLow(a, b);
        int i = high ? 2 : 0;
        return Vector128.Create(a.GetElement(i), b.GetElement(i), a.GetElement(i + 1), b.GetElement(i + 1));
    }
}
