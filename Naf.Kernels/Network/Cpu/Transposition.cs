using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels.Network.Cpu;

/// <summary>Transposes a padded matrix of floats.</summary>
internal static unsafe class Transposition
{
    /// <summary>target[j, i] = source[i, j] for rows i in [firstRow, lastRow); padding is not written.</summary>
    /// <param name="source">[rows, sourceRow].</param>
    /// <param name="target">[columns, targetRow].</param>
    public static void Run(float* source, int sourceRow, int columns, float* target, int targetRow,
        int firstRow, int lastRow)
    {
        int i = firstRow;
        if (Avx.IsSupported)
            for (; i + 8 <= lastRow; i += 8)
            {
                int j = 0;
                for (; j + 8 <= columns; j += 8)
                    Tile8(source + (nint)i * sourceRow + j, sourceRow, target + (nint)j * targetRow + i, targetRow);
                Scalar(source, sourceRow, target, targetRow, i, i + 8, j, columns);
            }
        Scalar(source, sourceRow, target, targetRow, i, lastRow, 0, columns);
    }

    private static void Scalar(float* source, int sourceRow, float* target, int targetRow, int firstRow, int lastRow,
        int firstColumn, int lastColumn)
    {
        for (int i = firstRow; i < lastRow; i++)
            for (int j = firstColumn; j < lastColumn; j++)
                target[(nint)j * targetRow + i] = source[(nint)i * sourceRow + j];
    }

    // 8 × 8 floats: rows i and i + 4 are loaded into the halves of a register, then each half is a 4 × 4 transposition
    private static void Tile8(float* s, nint sourceRow, float* t, nint targetRow)
    {
        Columns4(s, sourceRow, t, targetRow);
        Columns4(s + 4, sourceRow, t + 4 * targetRow, targetRow);
    }

    private static void Columns4(float* s, nint sourceRow, float* t, nint targetRow)
    {
        Vector256<float> r0 = Halves(s, sourceRow), r1 = Halves(s + sourceRow, sourceRow);
        Vector256<float> r2 = Halves(s + 2 * sourceRow, sourceRow), r3 = Halves(s + 3 * sourceRow, sourceRow);
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(low01, low23, 0x44).Store(t);
        Avx.Shuffle(low01, low23, 0xEE).Store(t + targetRow);
        Avx.Shuffle(high01, high23, 0x44).Store(t + 2 * targetRow);
        Avx.Shuffle(high01, high23, 0xEE).Store(t + 3 * targetRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* s, nint sourceRow) =>
        Vector256.Create(Vector128.Load(s), Vector128.Load(s + 4 * sourceRow));
}

/// <summary>Bit matrices, each row in whole 64-bit words.</summary>
internal static unsafe class BitMatrix
{
    /// <summary>Words that hold <paramref name="count"/> bits.</summary>
    public static int Words(int count) => (count + 63) >> 6;

    /// <summary>target[j, m] = source[m, j] for the columns j of 64-column block <paramref name="block"/>.</summary>
    /// <param name="source">[rows, sourceWords].</param>
    /// <param name="target">[64 · sourceWords, Words(rows)].</param>
    public static void TransposeBlock(ulong* source, int rows, int sourceWords, int block, ulong* target)
    {
        ulong* tile = stackalloc ulong[64];
        int targetWords = Words(rows);
        for (int word = 0; word < targetWords; word++)
        {
            int count = Math.Min(64, rows - 64 * word);
            for (int m = 0; m < 64; m++)
                tile[m] = m < count ? source[(64 * word + m) * sourceWords + block] : 0;
            Transpose64(tile);
            for (int j = 0; j < 64; j++)
                target[(64 * block + j) * targetWords + word] = tile[j];
        }
    }

    /// <summary>Transposes 64 × 64 bits in place by recursive block swaps (Warren, Hacker's Delight, §7-3).</summary>
    private static void Transpose64(ulong* x)
    {
        ulong mask = 0x00000000FFFFFFFF;
        for (int width = 32; width != 0; width >>= 1, mask ^= mask << width)
        {
            for (int i = 0; i < 64; i = ((i | width) + 1) & ~width)
            {
                ulong swap = ((x[i] >> width) ^ x[i | width]) & mask;
                x[i] ^= swap << width;
                x[i | width] ^= swap;
            }
        }
    }
}
