using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>Transposes a padded matrix of floats.</summary>
internal static unsafe class Transposition
{
    /// <summary>target[j, i] = source[i, j] for rows i in [firstRow, lastRow); the target's padding is left as it is.</summary>
    /// <param name="source">[rows, sourceRow].</param>
    /// <param name="target">[columns, targetRow].</param>
    public static void Run(float* source, int sourceRow, int columns, float* target, int targetRow, int firstRow, int lastRow)
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

    private static void Scalar(float* source, int sourceRow, float* target, int targetRow, int firstRow, int lastRow, int firstColumn, int lastColumn)
    {
        for (int i = firstRow; i < lastRow; i++)
            for (int j = firstColumn; j < lastColumn; j++)
                target[(nint)j * targetRow + i] = source[(nint)i * sourceRow + j];
    }

    // 8 × 8 floats: pairs, then pairs of pairs, then halves
    private static void Tile8(float* s, nint sourceRow, float* t, nint targetRow)
    {
        Vector256<float> r0 = Vector256.Load(s), r1 = Vector256.Load(s + sourceRow), r2 = Vector256.Load(s + 2 * sourceRow), r3 = Vector256.Load(s + 3 * sourceRow);
        Vector256<float> r4 = Vector256.Load(s + 4 * sourceRow), r5 = Vector256.Load(s + 5 * sourceRow), r6 = Vector256.Load(s + 6 * sourceRow), r7 = Vector256.Load(s + 7 * sourceRow);
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5), a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> b0 = Avx.Shuffle(a0, a2, 0x44), b1 = Avx.Shuffle(a0, a2, 0xEE), b2 = Avx.Shuffle(a1, a3, 0x44), b3 = Avx.Shuffle(a1, a3, 0xEE);
        Vector256<float> b4 = Avx.Shuffle(a4, a6, 0x44), b5 = Avx.Shuffle(a4, a6, 0xEE), b6 = Avx.Shuffle(a5, a7, 0x44), b7 = Avx.Shuffle(a5, a7, 0xEE);
        Avx.Permute2x128(b0, b4, 0x20).Store(t);
        Avx.Permute2x128(b1, b5, 0x20).Store(t + targetRow);
        Avx.Permute2x128(b2, b6, 0x20).Store(t + 2 * targetRow);
        Avx.Permute2x128(b3, b7, 0x20).Store(t + 3 * targetRow);
        Avx.Permute2x128(b0, b4, 0x31).Store(t + 4 * targetRow);
        Avx.Permute2x128(b1, b5, 0x31).Store(t + 5 * targetRow);
        Avx.Permute2x128(b2, b6, 0x31).Store(t + 6 * targetRow);
        Avx.Permute2x128(b3, b7, 0x31).Store(t + 7 * targetRow);
    }
}
