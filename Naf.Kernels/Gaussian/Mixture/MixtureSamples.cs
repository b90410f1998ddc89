using System.Numerics;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// Samples in two layouts for the loops of a mixture fit: as rows, for sums over samples, and as blocks of columns, for
/// operations on many samples at once. Padding is 0.
/// </summary>
internal sealed class MixtureSamples
{
    /// <summary>Samples of a block, a multiple of four vectors for every register width.</summary>
    public const int Block = 32;

    // largest magnitude that can be squared, summed and divided by the floor without overflow
    private const double Most = 1e100;

    /// <param name="samples">[count, size].</param>
    /// <exception cref="NonFiniteTransitionException">A number is not finite, or its square may overflow.</exception>
    public MixtureSamples(ReadOnlySpan<double> samples, int size)
    {
        for (int i = 0; i < samples.Length; i++)
            if (!(Math.Abs(samples[i]) <= Most))
                throw new NonFiniteTransitionException(
                    $"entry {i % size} of sample {i / size} is {samples[i]}; leave this sample out of the mixture");
        (Count, Size) = (samples.Length / size, size);
        Row = RowOf(size);
        Height = size + size % 2;
        Blocks = (Count + Block - 1) / Block;
        Rows = new double[Count * Row];
        Columns = new double[Blocks * Height * Block];
        for (int n = 0; n < Count; n++)
        {
            ReadOnlySpan<double> sample = samples.Slice(n * size, size);
            sample.CopyTo(Rows.AsSpan(n * Row));
            for (int i = 0; i < size; i++) Columns[(n / Block * Height + i) * Block + n % Block] = sample[i];
        }
    }

    public int Count { get; }

    /// <summary>D, entries of a sample.</summary>
    public int Size { get; }

    /// <summary>D rounded up to a multiple of two vectors.</summary>
    public int Row { get; }

    /// <summary>D rounded up to an even number.</summary>
    public int Height { get; }

    /// <summary>Number of blocks; the last one is padded with zeros.</summary>
    public int Blocks { get; }

    /// <summary>[Count, Row].</summary>
    public double[] Rows { get; }

    /// <summary>[Blocks, Height, Block].</summary>
    public double[] Columns { get; }

    /// <summary>Samples of a block without padding.</summary>
    public int CountOf(int block) => Math.Min(Block, Count - block * Block);

    /// <summary>The row of a sample, without padding.</summary>
    public ReadOnlySpan<double> this[int sample] => Rows.AsSpan(sample * Row, Size);

    /// <summary>Doubles of a row of <paramref name="size"/> entries.</summary>
    public static int RowOf(int size)
    {
        int pair = 2 * Vector<double>.Count;
        return (size + pair - 1) / pair * pair;
    }
}
