using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
        for (int j = 0; j < columns; j += TLanes.Width)
        {
            TVector s = TLanes.Load(d + j);
            for (int m = 1; m < rows; m++)
                s = TLanes.Add(s, TLanes.Load(d + (nint)m * columns + j));
            TLanes.Store(sum + j, s);
        }
    }

    /// <summary>out[m, o] = bias[o] + h[m, :] · W[o, :] for each output o.</summary>
    /// <param name="h">[rows, columns], columns a multiple of 16.</param>
    /// <param name="weights">[outputs, columns].</param>
    /// <param name="result">[rows, resultRow].</param>
    public static void Dot(int rows, float* h, int columns, float* weights, float* bias, int outputs, float* result, int resultRow)
    {
        float* lanes = stackalloc float[4 * 16];
        for (int m = 0; m < rows; m++, h += columns, result += resultRow)
        {
            int o = 0;
            for (; o + 4 <= outputs; o += 4)
            {
                float* w0 = weights + (nint)o * columns, w1 = w0 + columns, w2 = w1 + columns, w3 = w2 + columns;
                for (int lane = 0; lane < 16; lane += TLanes.Width)
                {
                    TVector s0 = TLanes.All(0), s1 = s0, s2 = s0, s3 = s0;
                    for (nint j = lane; j < columns; j += 16)
                    {
                        TVector x = TLanes.Load(h + j);
                        s0 = TLanes.MultiplyAdd(x, TLanes.Load(w0 + j), s0);
                        s1 = TLanes.MultiplyAdd(x, TLanes.Load(w1 + j), s1);
                        s2 = TLanes.MultiplyAdd(x, TLanes.Load(w2 + j), s2);
                        s3 = TLanes.MultiplyAdd(x, TLanes.Load(w3 + j), s3);
                    }
                    TLanes.Store(lanes + lane, s0);
                    TLanes.Store(lanes + 16 + lane, s1);
                    TLanes.Store(lanes + 32 + lane, s2);
                    TLanes.Store(lanes + 48 + lane, s3);
                }
                for (int i = 0; i < 4; i++)
                    result[o + i] = bias[o + i] + Sum16(lanes + 16 * i);
            }
            for (; o < outputs; o++)
            {
                for (int lane = 0; lane < 16; lane += TLanes.Width)
                {
                    TVector s = TLanes.All(0);
                    for (nint j = lane; j < columns; j += 16)
                        s = TLanes.MultiplyAdd(TLanes.Load(h + j), TLanes.Load(weights + (nint)o * columns + j), s);
                    TLanes.Store(lanes + lane, s);
                }
                result[o] = bias[o] + Sum16(lanes);
            }
        }
    }

    /// <summary>Σ xᵢ² over <paramref name="count"/> elements (a multiple of 16), summed in 16 lanes.</summary>
    public static float SumOfSquares(float* x, int count)
    {
        float* lanes = stackalloc float[16];
        for (int lane = 0; lane < 16; lane += TLanes.Width)
        {
            TVector s = TLanes.All(0);
            for (int i = lane; i < count; i += 16)
            {
                TVector v = TLanes.Load(x + i);
                s = TLanes.MultiplyAdd(v, v, s);
            }
            TLanes.Store(lanes + lane, s);
        }
        return Sum16(lanes);
    }

    /// <summary>The sum of 16 lanes in one fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum16(float* lanes) =>
        Vector128.Sum(Vector128.Load(lanes) + Vector128.Load(lanes + 4) + (Vector128.Load(lanes + 8) + Vector128.Load(lanes + 12)));
}
