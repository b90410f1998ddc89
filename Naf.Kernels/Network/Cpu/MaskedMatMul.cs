using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;

namespace Naf.Kernels.Network.Cpu;

/// <summary>
/// C[m, :] = finish(start[m, :] + Σₖ A[m, k] B[k, :]), summed only over the k whose bit is set: after a ReLU half of A
/// or more is zero, and a row of C costs one multiply-add per set bit and register.
/// </summary>
/// <remarks>
/// Two rows of C stay in registers while the sums run over a block of 64 rows of B, a strip of which fits the L1 cache:
/// first over the k that both rows use, for which an element of B is loaded once, then over those of each row alone.
/// This order is the same at every register width, and rows are paired by index, so the result depends neither on the
/// width nor on how pairs of rows are distributed over threads.
/// </remarks>
internal static unsafe class MaskedMatMul
{
    private const int BlockDepth = 64;

    /// <summary>
    /// Vectors per row of a strip: 7 in AVX-512's 32 registers (strips of 28 KB); 3 with AVX2, where a vector takes two
    /// of 16 registers.
    /// </summary>
    private static int MaximalVectors => Vector512.IsHardwareAccelerated ? 7 : 3;

    /// <param name="a">First element of A; A[m, k] is a[m · aRow + k · aStep].</param>
    /// <param name="bits">[rows, bitWords]: bit k of row m is set where A[m, k] may be nonzero; null for all.</param>
    /// <param name="b">[depth, bRow], of which the first <paramref name="columns"/> are used.</param>
    /// <param name="start">One row for all rows of C: a bias, or zeros.</param>
    /// <param name="c">[rows, cRow].</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="gate">For <see cref="GateFinish"/>: [rows, cRow].</param>
    public static void Multiply<TFinish>(
        int rows, float* a, nint aRow, nint aStep, ulong* bits, int bitWords, int depth,
        float* b, nint bRow, float* start, float* c, nint cRow, int columns, float* gate = null)
        where TFinish : struct, IFinish
    {
        int vectors = columns / 16, strips = (vectors + MaximalVectors - 1) / MaximalVectors;
        int widest = (vectors + strips - 1) / strips;
        for (int first = 0; first < vectors; first += widest)
        {
            int registers = Math.Min(widest, vectors - first), column = first * 16;
            for (int k = 0; k < depth; k += BlockDepth)
            {
                var block = new Block
                {
                    Rows = rows,
                    A = a + k * aStep,
                    ARow = aRow,
                    AStep = aStep,
                    Bits = bits is null ? null : bits + k / BlockDepth,
                    BitWords = bitWords,
                    Inside = ulong.MaxValue >> (BlockDepth - Math.Min(BlockDepth, depth - k)),
                    B = b + k * bRow + column,
                    BRow = bRow,
                    // the first block starts from `start`, later ones continue from C
                    Start = k == 0 ? start + column : c + column,
                    StartRow = k == 0 ? 0 : cRow,
                    C = c + column,
                    CRow = cRow,
                    Gate = gate + column,
                };
                if (k + BlockDepth < depth) Dispatch<NoFinish>(registers, in block);
                else Dispatch<TFinish>(registers, in block);
            }
        }
    }

    private ref struct Block
    {
        public float* A, B, Start, C, Gate;
        public nint ARow, AStep, BRow, StartRow, CRow;
        public ulong* Bits;
        public int Rows, BitWords;
        public ulong Inside;

        /// <summary>Bits of the k of this block that row <paramref name="m"/> uses.</summary>
        public readonly ulong Taken(int m) => Bits is null ? Inside : Bits[m * BitWords] & Inside;
    }

    private static void Dispatch<TFinish>(int registers, in Block block) where TFinish : struct, IFinish
    {
        switch (registers)
        {
            case 1: Run<Count1, TFinish>(in block); break;
            case 2: Run<Count2, TFinish>(in block); break;
            case 3: Run<Count3, TFinish>(in block); break;
            case 4: Run<Count4, TFinish>(in block); break;
            case 5: Run<Count5, TFinish>(in block); break;
            case 6: Run<Count6, TFinish>(in block); break;
            case 7: Run<Count7, TFinish>(in block); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TCount, TFinish>(in Block block)
        where TCount : struct, ICount
        where TFinish : struct, IFinish
    {
        nint w = 16, aStep = block.AStep, bRow = block.BRow;
        float* b = block.B, unused = stackalloc float[TCount.Value * 16];
        for (int m = 0; m < block.Rows; m += 2)
        {
            // an odd last row is paired with a dummy row that has no bits set and whose result is discarded
            bool paired = m + 1 < block.Rows;
            float* a = block.A + m * block.ARow, start = block.Start + m * block.StartRow, c = block.C + m * block.CRow;
            float* a2 = a + block.ARow, start2 = paired ? start + block.StartRow : start;
            float* d = paired ? c + block.CRow : unused;
            ulong first = block.Taken(m), second = paired ? block.Taken(m + 1) : 0, both = first & second;
            Vector512<float> c0 = Load(start), d0 = Load(start2);
            Vector512<float> c1 = TCount.Value > 1 ? Load(start + 1 * w) : default;
            Vector512<float> d1 = TCount.Value > 1 ? Load(start2 + 1 * w) : default;
            Vector512<float> c2 = TCount.Value > 2 ? Load(start + 2 * w) : default;
            Vector512<float> d2 = TCount.Value > 2 ? Load(start2 + 2 * w) : default;
            Vector512<float> c3 = TCount.Value > 3 ? Load(start + 3 * w) : default;
            Vector512<float> d3 = TCount.Value > 3 ? Load(start2 + 3 * w) : default;
            Vector512<float> c4 = TCount.Value > 4 ? Load(start + 4 * w) : default;
            Vector512<float> d4 = TCount.Value > 4 ? Load(start2 + 4 * w) : default;
            Vector512<float> c5 = TCount.Value > 5 ? Load(start + 5 * w) : default;
            Vector512<float> d5 = TCount.Value > 5 ? Load(start2 + 5 * w) : default;
            Vector512<float> c6 = TCount.Value > 6 ? Load(start + 6 * w) : default;
            Vector512<float> d6 = TCount.Value > 6 ? Load(start2 + 6 * w) : default;

            // the k that both rows use
            for (ulong left = both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                Vector512<float> x = Create(a[k * aStep]), y = Create(a2[k * aStep]);
                float* row = b + k * bRow;
                Vector512<float> t = Load(row);
                c0 = MultiplyAddEstimate(x, t, c0);
                d0 = MultiplyAddEstimate(y, t, d0);
                if (TCount.Value > 1)
                {
                    t = Load(row + 1 * w);
                    c1 = MultiplyAddEstimate(x, t, c1);
                    d1 = MultiplyAddEstimate(y, t, d1);
                }
                if (TCount.Value > 2)
                {
                    t = Load(row + 2 * w);
                    c2 = MultiplyAddEstimate(x, t, c2);
                    d2 = MultiplyAddEstimate(y, t, d2);
                }
                if (TCount.Value > 3)
                {
                    t = Load(row + 3 * w);
                    c3 = MultiplyAddEstimate(x, t, c3);
                    d3 = MultiplyAddEstimate(y, t, d3);
                }
                if (TCount.Value > 4)
                {
                    t = Load(row + 4 * w);
                    c4 = MultiplyAddEstimate(x, t, c4);
                    d4 = MultiplyAddEstimate(y, t, d4);
                }
                if (TCount.Value > 5)
                {
                    t = Load(row + 5 * w);
                    c5 = MultiplyAddEstimate(x, t, c5);
                    d5 = MultiplyAddEstimate(y, t, d5);
                }
                if (TCount.Value > 6)
                {
                    t = Load(row + 6 * w);
                    c6 = MultiplyAddEstimate(x, t, c6);
                    d6 = MultiplyAddEstimate(y, t, d6);
                }
            }

            // the k that only the first row uses
            for (ulong left = first & ~both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                Vector512<float> x = Create(a[k * aStep]);
                float* row = b + k * bRow;
                c0 = MultiplyAddEstimate(x, Load(row), c0);
                if (TCount.Value > 1) c1 = MultiplyAddEstimate(x, Load(row + 1 * w), c1);
                if (TCount.Value > 2) c2 = MultiplyAddEstimate(x, Load(row + 2 * w), c2);
                if (TCount.Value > 3) c3 = MultiplyAddEstimate(x, Load(row + 3 * w), c3);
                if (TCount.Value > 4) c4 = MultiplyAddEstimate(x, Load(row + 4 * w), c4);
                if (TCount.Value > 5) c5 = MultiplyAddEstimate(x, Load(row + 5 * w), c5);
                if (TCount.Value > 6) c6 = MultiplyAddEstimate(x, Load(row + 6 * w), c6);
            }

            // the k that only the second row uses
            for (ulong left = second & ~both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                Vector512<float> x = Create(a2[k * aStep]);
                float* row = b + k * bRow;
                d0 = MultiplyAddEstimate(x, Load(row), d0);
                if (TCount.Value > 1) d1 = MultiplyAddEstimate(x, Load(row + 1 * w), d1);
                if (TCount.Value > 2) d2 = MultiplyAddEstimate(x, Load(row + 2 * w), d2);
                if (TCount.Value > 3) d3 = MultiplyAddEstimate(x, Load(row + 3 * w), d3);
                if (TCount.Value > 4) d4 = MultiplyAddEstimate(x, Load(row + 4 * w), d4);
                if (TCount.Value > 5) d5 = MultiplyAddEstimate(x, Load(row + 5 * w), d5);
                if (TCount.Value > 6) d6 = MultiplyAddEstimate(x, Load(row + 6 * w), d6);
            }

            float* g = block.Gate + m * block.CRow, g2 = paired ? g + block.CRow : g;
            TFinish.Apply(c0, g).Store(c);
            TFinish.Apply(d0, g2).Store(d);
            if (TCount.Value > 1)
            {
                TFinish.Apply(c1, g + 1 * w).Store(c + 1 * w);
                TFinish.Apply(d1, g2 + 1 * w).Store(d + 1 * w);
            }
            if (TCount.Value > 2)
            {
                TFinish.Apply(c2, g + 2 * w).Store(c + 2 * w);
                TFinish.Apply(d2, g2 + 2 * w).Store(d + 2 * w);
            }
            if (TCount.Value > 3)
            {
                TFinish.Apply(c3, g + 3 * w).Store(c + 3 * w);
                TFinish.Apply(d3, g2 + 3 * w).Store(d + 3 * w);
            }
            if (TCount.Value > 4)
            {
                TFinish.Apply(c4, g + 4 * w).Store(c + 4 * w);
                TFinish.Apply(d4, g2 + 4 * w).Store(d + 4 * w);
            }
            if (TCount.Value > 5)
            {
                TFinish.Apply(c5, g + 5 * w).Store(c + 5 * w);
                TFinish.Apply(d5, g2 + 5 * w).Store(d + 5 * w);
            }
            if (TCount.Value > 6)
            {
                TFinish.Apply(c6, g + 6 * w).Store(c + 6 * w);
                TFinish.Apply(d6, g2 + 6 * w).Store(d + 6 * w);
            }
        }
    }
}

/// <summary>An operation on a product's elements before they are stored.</summary>
internal unsafe interface IFinish
{
    /// <param name="gate">The corresponding elements of another matrix.</param>
    static abstract Vector512<float> Apply(Vector512<float> c, float* gate);
}

internal readonly unsafe struct NoFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> c, float* gate) => c;
}

/// <summary>max(c, 0); NaN stays NaN.</summary>
internal readonly unsafe struct ReluFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> c, float* gate) => MaxNative(Vector512<float>.Zero, c);
}

/// <summary>c where the gate is above 0, else 0: the ReLU's derivative.</summary>
internal readonly unsafe struct GateFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> c, float* gate) =>
        ConditionalSelect(GreaterThan(Load(gate), Vector512<float>.Zero), c, Vector512<float>.Zero);
}

/// <summary>A vector count as a type, so that the compiler unrolls for it.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct Count1 : ICount { public static int Value => 1; }
internal readonly struct Count2 : ICount { public static int Value => 2; }
internal readonly struct Count3 : ICount { public static int Value => 3; }
internal readonly struct Count4 : ICount { public static int Value => 4; }
internal readonly struct Count5 : ICount { public static int Value => 5; }
internal readonly struct Count6 : ICount { public static int Value => 6; }
internal readonly struct Count7 : ICount { public static int Value => 7; }
