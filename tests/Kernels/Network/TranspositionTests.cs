using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;

namespace Naf.Tests;

internal sealed unsafe class TranspositionTests
{
    [TestCase(1, 1)]
    [TestCase(31, 8)]
    [TestCase(200, 200)]
    [TestCase(19, 443)]
    public void Floats_are_transposed_in_any_shares(int rows, int columns)
    {
        (int sourceRow, int targetRow) = (MlpShape.Pad(columns), MlpShape.Pad(rows));
        using HostBuffer source = new(rows * sourceRow), target = new(columns * targetRow);
        for (int i = 0; i < source.Length; i++) source.Span[i] = i;
        target.Span.Fill(float.NaN);
        for (int worker = 0; worker < 3; worker++)
        {
            (int from, int to) = Mlp.Share(rows, worker, 3);
            Transposition.Run(source.Pointer, sourceRow, columns, target.Pointer, targetRow, from, to);
        }
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                Assert.That(target.Span[j * targetRow + i], Is.EqualTo(source.Span[i * sourceRow + j]));
    }

    [TestCase(1, 64)]
    [TestCase(31, 208)]
    [TestCase(64, 208)]
    [TestCase(130, 64)]
    public void Bits_are_transposed(int rows, int columns)
    {
        (int words, int rowWords) = (BitMatrix.Words(columns), BitMatrix.Words(rows));
        var (source, target) = (new ulong[rows * words], new ulong[64 * words * rowWords]);
        for (int i = 0; i < source.Length; i++)
        {
            PhiloxBlock block = Philox.At(1, RandomStream.Weights, (ulong)i);
            source[i] = ((ulong)block.A << 32) | block.B;
        }
        Array.Fill(target, ulong.MaxValue);
        fixed (ulong* s = source, t = target)
            for (int block = 0; block < words; block++)
                BitMatrix.TransposeBlock(s, rows, words, block, t);
        for (int j = 0; j < 64 * words; j++)
            for (int m = 0; m < 64 * rowWords; m++)
            {
                ulong expected = m < rows ? source[m * words + j / 64] >> (j % 64) & 1 : 0;
                Assert.That(target[j * rowWords + m / 64] >> (m % 64) & 1, Is.EqualTo(expected), $"bit ({j}, {m})");
            }
    }
}
