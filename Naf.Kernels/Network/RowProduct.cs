using System.Numerics;
using System.Runtime.CompilerServices;

namespace Naf.Kernels;

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

/// <summary>
/// C[m, :] = start[m, :] + Σₖ A[m, k] B[k, :], taking only those k whose bit is set: after a ReLU about half of A is zero, and a row of C costs
/// one multiply-add per set bit and register. C's row stays in up to 13 registers (26 KB of B in the first-level cache) while the sum runs,
/// k ascending, so that the result depends neither on the register width nor on how rows are dealt to threads.
/// </summary>
/// <remarks>A dense product reaches more operations per second, but does twice the work; see docs/kernels.md.</remarks>
internal static unsafe class RowProduct<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const int MaximalRegisters = 13;

    /// <summary>Rows of B that share the first-level cache: 32 of 13 AVX-512 registers, or 64 of narrower ones (a divisor of 64).</summary>
    private static int BlockDepth => TLanes.Width >= 16 ? 32 : 64;

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
                int length = Math.Min(BlockDepth, depth - k);
                ulong inside = ulong.MaxValue >> (64 - length);
                ulong* word = bits is null ? null : bits + (k >> 6);
                // the first block starts from `start`, the later ones go on from C
                float* from = k == 0 ? start + column : c + column;
                var block = new Block(rows, a + k * aStep, aRow, aStep, word, bitWords, k & 63, inside, b + k * bRow + column, bRow,
                    from, k == 0 ? startRow : cRow, c + column, cRow);
                Dispatch(registers, in block);
            }
        }
    }

    private readonly struct Block(
        int rows, float* a, nint aRow, nint aStep, ulong* bits, int bitWords, int shift, ulong inside,
        float* b, nint bRow, float* start, nint startRow, float* c, nint cRow)
    {
        public readonly int Rows = rows, BitWords = bitWords, Shift = shift;
        public readonly float* A = a, B = b, Start = start, C = c;
        public readonly nint ARow = aRow, AStep = aStep, BRow = bRow, StartRow = startRow, CRow = cRow;
        public readonly ulong* Bits = bits;
        public readonly ulong Inside = inside;
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
        float* b = block.B;
        for (int m = 0; m < block.Rows; m++)
        {
            float* a = block.A + m * block.ARow, start = block.Start + m * block.StartRow, c = block.C + m * block.CRow;
            ulong bits = block.Bits is null ? block.Inside : (block.Bits[m * block.BitWords] >> block.Shift) & block.Inside;
            TVector c0 = TLanes.Load(start);
            TVector c1 = TCount.Value > 1 ? TLanes.Load(start + 1 * w) : default;
            TVector c2 = TCount.Value > 2 ? TLanes.Load(start + 2 * w) : default;
            TVector c3 = TCount.Value > 3 ? TLanes.Load(start + 3 * w) : default;
            TVector c4 = TCount.Value > 4 ? TLanes.Load(start + 4 * w) : default;
            TVector c5 = TCount.Value > 5 ? TLanes.Load(start + 5 * w) : default;
            TVector c6 = TCount.Value > 6 ? TLanes.Load(start + 6 * w) : default;
            TVector c7 = TCount.Value > 7 ? TLanes.Load(start + 7 * w) : default;
            TVector c8 = TCount.Value > 8 ? TLanes.Load(start + 8 * w) : default;
            TVector c9 = TCount.Value > 9 ? TLanes.Load(start + 9 * w) : default;
            TVector c10 = TCount.Value > 10 ? TLanes.Load(start + 10 * w) : default;
            TVector c11 = TCount.Value > 11 ? TLanes.Load(start + 11 * w) : default;
            TVector c12 = TCount.Value > 12 ? TLanes.Load(start + 12 * w) : default;
            while (bits != 0)
            {
                nint k = BitOperations.TrailingZeroCount(bits);
                bits &= bits - 1;
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
            TLanes.Store(c, c0);
            if (TCount.Value > 1) TLanes.Store(c + 1 * w, c1);
            if (TCount.Value > 2) TLanes.Store(c + 2 * w, c2);
            if (TCount.Value > 3) TLanes.Store(c + 3 * w, c3);
            if (TCount.Value > 4) TLanes.Store(c + 4 * w, c4);
            if (TCount.Value > 5) TLanes.Store(c + 5 * w, c5);
            if (TCount.Value > 6) TLanes.Store(c + 6 * w, c6);
            if (TCount.Value > 7) TLanes.Store(c + 7 * w, c7);
            if (TCount.Value > 8) TLanes.Store(c + 8 * w, c8);
            if (TCount.Value > 9) TLanes.Store(c + 9 * w, c9);
            if (TCount.Value > 10) TLanes.Store(c + 10 * w, c10);
            if (TCount.Value > 11) TLanes.Store(c + 11 * w, c11);
            if (TCount.Value > 12) TLanes.Store(c + 12 * w, c12);
        }
    }
}
