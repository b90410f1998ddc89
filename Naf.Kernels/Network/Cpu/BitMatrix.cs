namespace Naf.Kernels.Network.Cpu;

/// <summary>Matrices of bits, a row in whole 64-bit words.</summary>
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

    /// <summary>Transposes 64 × 64 bits in place by swapping ever smaller squares (Warren, Hacker's Delight, §7-3).</summary>
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
