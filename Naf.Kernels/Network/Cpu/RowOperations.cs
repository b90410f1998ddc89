using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels.Network.Cpu;

/// <summary>Operations on padded rows beside products: ReLU, bits of nonzero elements, sums, dot products.</summary>
internal static unsafe class RowOperations
{
    private const int Chunk = 4096;

    /// <summary>z ← max(z, 0) for <paramref name="count"/> elements, a multiple of 16.</summary>
    public static void Relu(long count, float* z)
    {
        Vector512<float> zero = Vector512<float>.Zero;
        for (long i = 0; i < count; i += 16)
            Vector512.MaxNative(zero, Vector512.Load(z + i)).Store(z + i);
    }

    /// <summary>tanh x = 1 − 2 / (exp 2x + 1); saturates to ±1.</summary>
    public static Vector512<float> Tanh(Vector512<float> x)
    {
        Vector512<float> one = Vector512<float>.One;
        return one - Vector512.Create(2f) / (Vector512.Exp(x + x) + one);
    }

    /// <summary>u = tanh m of a few elements.</summary>
    public static void Tanh(float* m, Span<float> u)
    {
        int width = MlpShape.Pad(u.Length);
        float* padded = stackalloc float[width];
        new Span<float>(padded, width).Clear();
        new ReadOnlySpan<float>(m, u.Length).CopyTo(new Span<float>(padded, u.Length));
        for (int i = 0; i < width; i += 16) Tanh(Vector512.Load(padded + i)).Store(padded + i);
        new ReadOnlySpan<float>(padded, u.Length).CopyTo(u);
    }

    /// <summary>Sets bit j of row m if h[m, j] is nonzero and clears it otherwise.</summary>
    /// <param name="h">[rows, columns], columns a multiple of 16.</param>
    /// <param name="bits">[rows, bitWords].</param>
    public static void Mark(int rows, float* h, int columns, ulong* bits, int bitWords)
    {
        for (int m = 0; m < rows; m++, h += columns, bits += bitWords)
            for (int word = 0; word < bitWords; word++)
            {
                ulong found = 0;
                int count = Math.Min(64, columns - 64 * word);
                for (int j = 0; j < count; j += 16)
                    found |= NonZero(Vector512.Load(h + 64 * word + j)) << j;
                bits[word] = found;
            }
    }

    /// <summary>sum[j] = Σₘ d[m, j].</summary>
    public static void SumRows(int rows, float* d, int columns, float* sum)
    {
        for (int j = 0; j < columns; j += 16) Vector512.Load(d + j).Store(sum + j);
        for (int m = 1; m < rows; m++)
            for (int j = 0; j < columns; j += 16)
                (Vector512.Load(sum + j) + Vector512.Load(d + (nint)m * columns + j)).Store(sum + j);
    }

    /// <summary>out[m, o] = bias[o] + h[m, :] · W[o, :] for each output o.</summary>
    /// <param name="h">[rows, columns], columns a multiple of 16.</param>
    /// <param name="weights">[outputs, columns].</param>
    /// <param name="result">[rows, resultRow].</param>
    /// <param name="halvesFirst">Whether a vector's elements are summed by halves first, or by quarters.</param>
    public static void Dot(
        int rows, float* h, int columns, float* weights, float* bias, int outputs, float* result, int resultRow,
        bool halvesFirst = false)
    {
        // four rows and three outputs at a time; the last outputs may be computed twice
        int tiled = rows & ~3;
        for (int m = 0; m < tiled; m += 4)
            for (int o = 0; o < outputs; o += 3)
            {
                int p = Math.Min(o + 1, outputs - 1), q = Math.Min(o + 2, outputs - 1);
                Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
                Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
                Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
                float* row = h + (nint)m * columns, end = row + columns;
                float* w0 = weights + (nint)o * columns, w1 = weights + (nint)p * columns,
                    w2 = weights + (nint)q * columns;
                for (; row < end; row += 16, w0 += 16, w1 += 16, w2 += 16)
                {
                    Vector512<float> r0 = Vector512.Load(row), r1 = Vector512.Load(row + columns);
                    Vector512<float> r2 = Vector512.Load(row + 2 * columns), r3 = Vector512.Load(row + 3 * columns);
                    Vector512<float> w = Vector512.Load(w0);
                    a0 = Vector512.MultiplyAddEstimate(r0, w, a0);
                    a1 = Vector512.MultiplyAddEstimate(r1, w, a1);
                    a2 = Vector512.MultiplyAddEstimate(r2, w, a2);
                    a3 = Vector512.MultiplyAddEstimate(r3, w, a3);
                    w = Vector512.Load(w1);
                    b0 = Vector512.MultiplyAddEstimate(r0, w, b0);
                    b1 = Vector512.MultiplyAddEstimate(r1, w, b1);
                    b2 = Vector512.MultiplyAddEstimate(r2, w, b2);
                    b3 = Vector512.MultiplyAddEstimate(r3, w, b3);
                    w = Vector512.Load(w2);
                    c0 = Vector512.MultiplyAddEstimate(r0, w, c0);
                    c1 = Vector512.MultiplyAddEstimate(r1, w, c1);
                    c2 = Vector512.MultiplyAddEstimate(r2, w, c2);
                    c3 = Vector512.MultiplyAddEstimate(r3, w, c3);
                }
                float* to = result + (nint)m * resultRow;
                Store(Vector128.Create(bias[o]) + Sum4(a0, a1, a2, a3, halvesFirst), to + o, resultRow);
                Store(Vector128.Create(bias[p]) + Sum4(b0, b1, b2, b3, halvesFirst), to + p, resultRow);
                Store(Vector128.Create(bias[q]) + Sum4(c0, c1, c2, c3, halvesFirst), to + q, resultRow);
            }
        // the remaining rows: four outputs at a time, then one at a time
        for (int m = tiled; m < rows; m++)
            for (int o = 0, count; o < outputs; o += count)
            {
                count = outputs - o >= 4 ? 4 : 1;
                Vector128<float> sums = Dot4(weights + (nint)o * columns, count == 4 ? columns : 0,
                    h + (nint)m * columns, columns, halvesFirst);
                for (int i = 0; i < count; i++) result[(nint)m * resultRow + o + i] = bias[o + i] + sums.GetElement(i);
            }
    }

    // a[i, :] · b for four rows of a: four independent sums
    private static Vector128<float> Dot4(float* a, nint row, float* b, int columns, bool halvesFirst)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nint j = 0; j < columns; j += 16)
        {
            Vector512<float> x = Vector512.Load(b + j);
            s0 = Vector512.MultiplyAddEstimate(x, Vector512.Load(a + j), s0);
            s1 = Vector512.MultiplyAddEstimate(x, Vector512.Load(a + row + j), s1);
            s2 = Vector512.MultiplyAddEstimate(x, Vector512.Load(a + 2 * row + j), s2);
            s3 = Vector512.MultiplyAddEstimate(x, Vector512.Load(a + 3 * row + j), s3);
        }
        return Sum4(s0, s1, s2, s3, halvesFirst);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<float> values, float* to, int row)
    {
        for (int i = 0; i < 4; i++, to += row) *to = values.GetElement(i);
    }

    /// <summary>Number of chunks of <paramref name="count"/> parameters; each worker takes whole chunks.</summary>
    public static int Chunks(int count) => (count + Chunk - 1) / Chunk;

    /// <summary>A worker's share of <paramref name="count"/> parameters, in whole chunks.</summary>
    public static (int From, int Length) ChunkShare(int count, int worker, int workers)
    {
        int from = Chunks(count) * worker / workers * Chunk;
        return (from, Math.Min(count, Chunks(count) * (worker + 1) / workers * Chunk) - from);
    }

    /// <summary>The sum of squares of each of a worker's chunks.</summary>
    /// <param name="sums">[chunks].</param>
    public static void SumsOfSquares(float* x, int count, double[] sums, int worker, int workers)
    {
        (int from, int length) = ChunkShare(count, worker, workers);
        for (int i = from; i < from + length; i += Chunk)
            sums[i / Chunk] = SumOfSquares(x + i, Math.Min(Chunk, count - i));
    }

    // Σ xᵢ² over `count` elements (a multiple of 16), as four independent sums
    private static float SumOfSquares(float* x, int count)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i + 48 < count; i += 64)
        {
            Vector512<float> x0 = Vector512.Load(x + i), x1 = Vector512.Load(x + i + 16);
            Vector512<float> x2 = Vector512.Load(x + i + 32), x3 = Vector512.Load(x + i + 48);
            s0 = Vector512.MultiplyAddEstimate(x0, x0, s0);
            s1 = Vector512.MultiplyAddEstimate(x1, x1, s1);
            s2 = Vector512.MultiplyAddEstimate(x2, x2, s2);
            s3 = Vector512.MultiplyAddEstimate(x3, x3, s3);
        }
        for (; i < count; i += 16) s0 = Vector512.MultiplyAddEstimate(Vector512.Load(x + i), Vector512.Load(x + i), s0);
        Vector128<float> sums = Sum4(s0, s1, s2, s3, halvesFirst: false);
        return sums.GetElement(0) + sums.GetElement(1) + (sums.GetElement(2) + sums.GetElement(3));
    }

    /// <summary>The sum of the elements.</summary>
    public static float Sum(Vector512<float> v)
    {
        Vector128<float> sums = Quarter(v, halvesFirst: false);
        return sums.GetElement(0) + sums.GetElement(1) + (sums.GetElement(2) + sums.GetElement(3));
    }

    // element i: the sum of argument i, whose four partial sums are added as (0 + 2) + (1 + 3)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sum4(
        Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, bool halvesFirst)
    {
        Vector128<float> a = Quarter(v0, halvesFirst), b = Quarter(v1, halvesFirst), c = Quarter(v2, halvesFirst),
            d = Quarter(v3, halvesFirst);
        Vector128<float> ab = Interleave(a, b, high: false) + Interleave(a, b, high: true);
        Vector128<float> cd = Interleave(c, d, high: false) + Interleave(c, d, high: true);
        // ab = (a0 + a2, b0 + b2, a1 + a3, b1 + b3)
        return Vector128.Create(ab.GetLower(), cd.GetLower()) + Vector128.Create(ab.GetUpper(), cd.GetUpper());
    }

    // the sum of the vector's quarters: (0 + 2) + (1 + 3) or (0 + 1) + (2 + 3)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector512<float> v, bool halvesFirst)
    {
        Vector256<float> lower = v.GetLower(), upper = v.GetUpper();
        if (!halvesFirst) return lower.GetLower() + lower.GetUpper() + (upper.GetLower() + upper.GetUpper());
        Vector256<float> half = lower + upper;
        return half.GetLower() + half.GetUpper();
    }

    // bit i: whether element i is nonzero
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(Vector512<float> v) =>
        ~Vector512.Equals(v, Vector512<float>.Zero).ExtractMostSignificantBits() & 0xFFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, bool high)
    {
        if (Sse.IsSupported) return high ? Sse.UnpackHigh(a, b) : Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return high ? AdvSimd.Arm64.ZipHigh(a, b) : AdvSimd.Arm64.ZipLow(a, b);
        int i = high ? 2 : 0;
        return Vector128.Create(a.GetElement(i), b.GetElement(i), a.GetElement(i + 1), b.GetElement(i + 1));
    }
}
