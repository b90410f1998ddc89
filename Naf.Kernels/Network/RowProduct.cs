using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>
/// C[m, :] = start[m, :] + Σₖ A[m, k] B[k, :], taking only those k whose bit is set: after a ReLU about half of A is zero, and a row of C costs
/// one multiply-add per set bit and register.
/// </summary>
/// <remarks>
/// Two rows of C stay in registers while the sums run over a block of 32 rows of B, which fits the first-level cache: first the k that both
/// rows take, for which an element of B is loaded once, then those of each row alone. This order is the same at every register width, and
/// rows are paired by their number, so the result depends neither on the width nor on how rows are dealt to threads (in pairs). A dense
/// product reaches more operations per second, but does two or three times the work; see docs/kernels.md.
/// </remarks>
internal static unsafe class RowProduct<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const int BlockDepth = 32;

    /// <summary>Registers of a row: two rows, two factors and an element of B have to fit 32 registers, or AVX2's 16.</summary>
    private static int MaximalRegisters => Avx.IsSupported && TLanes.Width < 16 ? 6 : 13;

    /// <param name="rows">Rows of C to compute.</param>
    /// <param name="a">First element of A; A[m, k] is a[m · aRow + k · aStep].</param>
    /// <param name="bits">[rows, bitWords]: bit k of a row's words says that A[m, k] may be other than zero; null: all do.</param>
    /// <param name="depth">Extent of k.</param>
    /// <param name="b">[depth, bRow], of which the first <paramref name="columns"/> are used.</param>
    /// <param name="start">[rows, startRow] (startRow 0: one row for all); may be <paramref name="c"/>.</param>
    /// <param name="c">[rows, cRow].</param>
    /// <param name="columns">A multiple of 16.</param>
    public static void Multiply(
        int rows, float* a, nint aRow, nint aStep, ulong* bits, int bitWords, int depth,
        float* b, nint bRow, float* start, nint startRow, float* c, nint cRow, int columns)
    {
        int vectors = columns / TLanes.Width, strips = (vectors + MaximalRegisters - 1) / MaximalRegisters;
        int widest = (vectors + strips - 1) / strips;
        for (int first = 0; first < vectors; first += widest)
        {
            int registers = Math.Min(widest, vectors - first), column = first * TLanes.Width;
            for (int k = 0; k < depth; k += BlockDepth)
            {
                // the first block starts from `start`, the later ones go on from C
                bool begins = k == 0;
                Dispatch(registers, new Block
                {
                    Rows = rows,
                    A = a + k * aStep,
                    ARow = aRow,
                    AStep = aStep,
                    Bits = bits is null ? null : bits + (k >> 6),
                    BitWords = bitWords,
                    Shift = k & 63,
                    Inside = uint.MaxValue >> (BlockDepth - Math.Min(BlockDepth, depth - k)),
                    B = b + k * bRow + column,
                    BRow = bRow,
                    Start = (begins ? start : c) + column,
                    StartRow = begins ? startRow : cRow,
                    C = c + column,
                    CRow = cRow,
                });
            }
        }
    }

    private ref struct Block
    {
        public float* A, B, Start, C;
        public nint ARow, AStep, BRow, StartRow, CRow;
        public ulong* Bits;
        public int Rows, BitWords, Shift;
        public uint Inside;

        /// <summary>The k of this block that row <paramref name="m"/> takes.</summary>
        public readonly uint Taken(int m) => Bits is null ? Inside : (uint)(Bits[m * BitWords] >> Shift) & Inside;
    }

    private static void Dispatch(int registers, in Block block)
    {
        switch (registers)
        {
            case 1: Run<Count1>(in block); break;
            case 2: Run<Count2>(in block); break;
            case 3: Run<Count3>(in block); break;
            case 4: Run<Count4>(in block); break;
            case 5: Run<Count5>(in block); break;
            case 6: Run<Count6>(in block); break;
            case 7: Run<Count7>(in block); break;
            case 8: Run<Count8>(in block); break;
            case 9: Run<Count9>(in block); break;
            case 10: Run<Count10>(in block); break;
            case 11: Run<Count11>(in block); break;
            case 12: Run<Count12>(in block); break;
            case 13: Run<Count13>(in block); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TCount>(in Block block) where TCount : struct, ICount
    {
        nint w = TLanes.Width, aStep = block.AStep, bRow = block.BRow;
        float* b = block.B, unused = stackalloc float[TCount.Value * TLanes.Width];
        for (int m = 0; m < block.Rows; m += 2)
        {
            // an odd last row is paired with one that takes nothing and goes nowhere
            bool paired = m + 1 < block.Rows;
            float* a = block.A + m * block.ARow, start = block.Start + m * block.StartRow, c = block.C + m * block.CRow;
            float* a2 = a + block.ARow, start2 = paired ? start + block.StartRow : start, d = paired ? c + block.CRow : unused;
            uint first = block.Taken(m), second = paired ? block.Taken(m + 1) : 0, both = first & second;
            TVector c0 = TLanes.Load(start), d0 = TLanes.Load(start2);
            TVector c1 = TCount.Value > 1 ? TLanes.Load(start + 1 * w) : default, d1 = TCount.Value > 1 ? TLanes.Load(start2 + 1 * w) : default;
            TVector c2 = TCount.Value > 2 ? TLanes.Load(start + 2 * w) : default, d2 = TCount.Value > 2 ? TLanes.Load(start2 + 2 * w) : default;
            TVector c3 = TCount.Value > 3 ? TLanes.Load(start + 3 * w) : default, d3 = TCount.Value > 3 ? TLanes.Load(start2 + 3 * w) : default;
            TVector c4 = TCount.Value > 4 ? TLanes.Load(start + 4 * w) : default, d4 = TCount.Value > 4 ? TLanes.Load(start2 + 4 * w) : default;
            TVector c5 = TCount.Value > 5 ? TLanes.Load(start + 5 * w) : default, d5 = TCount.Value > 5 ? TLanes.Load(start2 + 5 * w) : default;
            TVector c6 = TCount.Value > 6 ? TLanes.Load(start + 6 * w) : default, d6 = TCount.Value > 6 ? TLanes.Load(start2 + 6 * w) : default;
            TVector c7 = TCount.Value > 7 ? TLanes.Load(start + 7 * w) : default, d7 = TCount.Value > 7 ? TLanes.Load(start2 + 7 * w) : default;
            TVector c8 = TCount.Value > 8 ? TLanes.Load(start + 8 * w) : default, d8 = TCount.Value > 8 ? TLanes.Load(start2 + 8 * w) : default;
            TVector c9 = TCount.Value > 9 ? TLanes.Load(start + 9 * w) : default, d9 = TCount.Value > 9 ? TLanes.Load(start2 + 9 * w) : default;
            TVector c10 = TCount.Value > 10 ? TLanes.Load(start + 10 * w) : default, d10 = TCount.Value > 10 ? TLanes.Load(start2 + 10 * w) : default;
            TVector c11 = TCount.Value > 11 ? TLanes.Load(start + 11 * w) : default, d11 = TCount.Value > 11 ? TLanes.Load(start2 + 11 * w) : default;
            TVector c12 = TCount.Value > 12 ? TLanes.Load(start + 12 * w) : default, d12 = TCount.Value > 12 ? TLanes.Load(start2 + 12 * w) : default;

            // the k that both rows take
            for (uint left = both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                TVector x = TLanes.All(a[k * aStep]), y = TLanes.All(a2[k * aStep]);
                float* row = b + k * bRow;
                TVector t = TLanes.Load(row);
                c0 = TLanes.MultiplyAdd(x, t, c0);
                d0 = TLanes.MultiplyAdd(y, t, d0);
                if (TCount.Value > 1) { t = TLanes.Load(row + 1 * w); c1 = TLanes.MultiplyAdd(x, t, c1); d1 = TLanes.MultiplyAdd(y, t, d1); }
                if (TCount.Value > 2) { t = TLanes.Load(row + 2 * w); c2 = TLanes.MultiplyAdd(x, t, c2); d2 = TLanes.MultiplyAdd(y, t, d2); }
                if (TCount.Value > 3) { t = TLanes.Load(row + 3 * w); c3 = TLanes.MultiplyAdd(x, t, c3); d3 = TLanes.MultiplyAdd(y, t, d3); }
                if (TCount.Value > 4) { t = TLanes.Load(row + 4 * w); c4 = TLanes.MultiplyAdd(x, t, c4); d4 = TLanes.MultiplyAdd(y, t, d4); }
                if (TCount.Value > 5) { t = TLanes.Load(row + 5 * w); c5 = TLanes.MultiplyAdd(x, t, c5); d5 = TLanes.MultiplyAdd(y, t, d5); }
                if (TCount.Value > 6) { t = TLanes.Load(row + 6 * w); c6 = TLanes.MultiplyAdd(x, t, c6); d6 = TLanes.MultiplyAdd(y, t, d6); }
                if (TCount.Value > 7) { t = TLanes.Load(row + 7 * w); c7 = TLanes.MultiplyAdd(x, t, c7); d7 = TLanes.MultiplyAdd(y, t, d7); }
                if (TCount.Value > 8) { t = TLanes.Load(row + 8 * w); c8 = TLanes.MultiplyAdd(x, t, c8); d8 = TLanes.MultiplyAdd(y, t, d8); }
                if (TCount.Value > 9) { t = TLanes.Load(row + 9 * w); c9 = TLanes.MultiplyAdd(x, t, c9); d9 = TLanes.MultiplyAdd(y, t, d9); }
                if (TCount.Value > 10) { t = TLanes.Load(row + 10 * w); c10 = TLanes.MultiplyAdd(x, t, c10); d10 = TLanes.MultiplyAdd(y, t, d10); }
                if (TCount.Value > 11) { t = TLanes.Load(row + 11 * w); c11 = TLanes.MultiplyAdd(x, t, c11); d11 = TLanes.MultiplyAdd(y, t, d11); }
                if (TCount.Value > 12) { t = TLanes.Load(row + 12 * w); c12 = TLanes.MultiplyAdd(x, t, c12); d12 = TLanes.MultiplyAdd(y, t, d12); }
            }

            // the k that the first row alone takes
            for (uint left = first & ~both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                TVector x = TLanes.All(a[k * aStep]);
                float* row = b + k * bRow;
                c0 = TLanes.MultiplyAdd(x, TLanes.Load(row), c0);
                if (TCount.Value > 1) c1 = TLanes.MultiplyAdd(x, TLanes.Load(row + 1 * w), c1);
                if (TCount.Value > 2) c2 = TLanes.MultiplyAdd(x, TLanes.Load(row + 2 * w), c2);
                if (TCount.Value > 3) c3 = TLanes.MultiplyAdd(x, TLanes.Load(row + 3 * w), c3);
                if (TCount.Value > 4) c4 = TLanes.MultiplyAdd(x, TLanes.Load(row + 4 * w), c4);
                if (TCount.Value > 5) c5 = TLanes.MultiplyAdd(x, TLanes.Load(row + 5 * w), c5);
                if (TCount.Value > 6) c6 = TLanes.MultiplyAdd(x, TLanes.Load(row + 6 * w), c6);
                if (TCount.Value > 7) c7 = TLanes.MultiplyAdd(x, TLanes.Load(row + 7 * w), c7);
                if (TCount.Value > 8) c8 = TLanes.MultiplyAdd(x, TLanes.Load(row + 8 * w), c8);
                if (TCount.Value > 9) c9 = TLanes.MultiplyAdd(x, TLanes.Load(row + 9 * w), c9);
                if (TCount.Value > 10) c10 = TLanes.MultiplyAdd(x, TLanes.Load(row + 10 * w), c10);
                if (TCount.Value > 11) c11 = TLanes.MultiplyAdd(x, TLanes.Load(row + 11 * w), c11);
                if (TCount.Value > 12) c12 = TLanes.MultiplyAdd(x, TLanes.Load(row + 12 * w), c12);
            }

            // the k that the second row alone takes
            for (uint left = second & ~both; left != 0; left &= left - 1)
            {
                nint k = BitOperations.TrailingZeroCount(left);
                TVector x = TLanes.All(a2[k * aStep]);
                float* row = b + k * bRow;
                d0 = TLanes.MultiplyAdd(x, TLanes.Load(row), d0);
                if (TCount.Value > 1) d1 = TLanes.MultiplyAdd(x, TLanes.Load(row + 1 * w), d1);
                if (TCount.Value > 2) d2 = TLanes.MultiplyAdd(x, TLanes.Load(row + 2 * w), d2);
                if (TCount.Value > 3) d3 = TLanes.MultiplyAdd(x, TLanes.Load(row + 3 * w), d3);
                if (TCount.Value > 4) d4 = TLanes.MultiplyAdd(x, TLanes.Load(row + 4 * w), d4);
                if (TCount.Value > 5) d5 = TLanes.MultiplyAdd(x, TLanes.Load(row + 5 * w), d5);
                if (TCount.Value > 6) d6 = TLanes.MultiplyAdd(x, TLanes.Load(row + 6 * w), d6);
                if (TCount.Value > 7) d7 = TLanes.MultiplyAdd(x, TLanes.Load(row + 7 * w), d7);
                if (TCount.Value > 8) d8 = TLanes.MultiplyAdd(x, TLanes.Load(row + 8 * w), d8);
                if (TCount.Value > 9) d9 = TLanes.MultiplyAdd(x, TLanes.Load(row + 9 * w), d9);
                if (TCount.Value > 10) d10 = TLanes.MultiplyAdd(x, TLanes.Load(row + 10 * w), d10);
                if (TCount.Value > 11) d11 = TLanes.MultiplyAdd(x, TLanes.Load(row + 11 * w), d11);
                if (TCount.Value > 12) d12 = TLanes.MultiplyAdd(x, TLanes.Load(row + 12 * w), d12);
            }

            TLanes.Store(c, c0);
            TLanes.Store(d, d0);
            if (TCount.Value > 1) { TLanes.Store(c + 1 * w, c1); TLanes.Store(d + 1 * w, d1); }
            if (TCount.Value > 2) { TLanes.Store(c + 2 * w, c2); TLanes.Store(d + 2 * w, d2); }
            if (TCount.Value > 3) { TLanes.Store(c + 3 * w, c3); TLanes.Store(d + 3 * w, d3); }
            if (TCount.Value > 4) { TLanes.Store(c + 4 * w, c4); TLanes.Store(d + 4 * w, d4); }
            if (TCount.Value > 5) { TLanes.Store(c + 5 * w, c5); TLanes.Store(d + 5 * w, d5); }
            if (TCount.Value > 6) { TLanes.Store(c + 6 * w, c6); TLanes.Store(d + 6 * w, d6); }
            if (TCount.Value > 7) { TLanes.Store(c + 7 * w, c7); TLanes.Store(d + 7 * w, d7); }
            if (TCount.Value > 8) { TLanes.Store(c + 8 * w, c8); TLanes.Store(d + 8 * w, d8); }
            if (TCount.Value > 9) { TLanes.Store(c + 9 * w, c9); TLanes.Store(d + 9 * w, d9); }
            if (TCount.Value > 10) { TLanes.Store(c + 10 * w, c10); TLanes.Store(d + 10 * w, d10); }
            if (TCount.Value > 11) { TLanes.Store(c + 11 * w, c11); TLanes.Store(d + 11 * w, d11); }
            if (TCount.Value > 12) { TLanes.Store(c + 12 * w, c12); TLanes.Store(d + 12 * w, d12); }
        }
    }
}

/// <summary>A count of registers as a type, so that the compiler unrolls for it.</summary>
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
internal readonly struct Count8 : ICount { public static int Value => 8; }
internal readonly struct Count9 : ICount { public static int Value => 9; }
internal readonly struct Count10 : ICount { public static int Value => 10; }
internal readonly struct Count11 : ICount { public static int Value => 11; }
internal readonly struct Count12 : ICount { public static int Value => 12; }
internal readonly struct Count13 : ICount { public static int Value => 13; }
