using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// One thread's memory for a block of time steps, a vector an element. Rows are the entries of [s; u], then those of s′, each group padded to whole
/// tiles. An entry that is constant in the data, or padding, has samples of 0 and nothing depends on it.
/// </summary>
internal abstract unsafe class FitRows<TLanes, TVector> : IDisposable
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    /// <summary>Rows and columns of a tile.</summary>
    protected const int Tile = FitTile<TLanes, TVector>.Size;

    /// <summary>Episodes; samples x of a row, which are those and the prior's.</summary>
    public readonly int Episodes, Terms;

    /// <summary>Rows of [s; u]; of s′; of both.</summary>
    public readonly int Inputs, Outputs, Count;

    /// <summary>From a row to the next one, in doubles: of A; of F; of N and C.</summary>
    public readonly nint Row, InputRow, StateRow;

    /// <summary>[Count] vectors: z̄; −1 / the diagonal of the Cholesky factors.</summary>
    public readonly double* Mean, Inverse;

    /// <summary>[Outputs] vectors: f.</summary>
    public readonly double* Offset;

    /// <summary>A vector each: samples of a step, at least 1; 1 / (n + n₀).</summary>
    public readonly double* Samples, Weight;

    /// <summary>[4, 4] vectors: the tile that is summed.</summary>
    public readonly double* Tiled;

    /// <summary>[Count, Terms + 2 Inputs] vectors: [−x | L | −F R].</summary>
    public readonly double* A;

    /// <summary>[Terms + 2 Inputs, 4] vectors: four rows of [x | L | F] side by side.</summary>
    public readonly double* B;

    /// <summary>[Outputs, Inputs], [Outputs, Outputs], [Outputs, Outputs] vectors: F, N and its factor C.</summary>
    public readonly double* F, N, C;

    /// <summary>[Count] numbers: R of an input and the floor of an output; the least that a pivot may be.</summary>
    public readonly double* Diagonal, Least;

    private readonly HostBuffer _memory;

    protected FitRows(DynamicsShape shape, int maxEpisodes)
    {
        (Episodes, Terms, Inputs, Outputs) = (maxEpisodes, maxEpisodes + 1, PadTile(shape.Input), PadTile(shape.State));
        // what is written out in squares of registers has whole registers of rows
        int w = TLanes.Width, wide = (shape.State + 7) & ~7, length = Terms + 2 * Inputs;
        Count = Inputs + Outputs;
        (Row, InputRow, StateRow) = ((nint)length * w, (nint)Inputs * w, (nint)wide * w);
        int columns = Tile * Math.Max(length, wide);
        long vectors = 2L * Count + wide + Tile * Tile + 2 + (long)Count * length + columns + (long)wide * Inputs + 2L * wide * wide;
        _memory = new HostBuffer(2 * (vectors * w + 2 * Count));
        double* at = (double*)_memory.Pointer;
        Mean = Take(Count);
        Offset = Take(wide);
        Inverse = Take(Count);
        Tiled = Take(Tile * Tile);
        Samples = Take(1);
        Weight = Take(1);
        A = Take((long)Count * length);
        B = Take(columns);
        F = Take((long)wide * Inputs);
        N = Take((long)wide * wide);
        C = Take((long)wide * wide);
        Diagonal = at;
        Least = at + Count;

        double* Take(long count) => (at += count * w) - count * w;
    }

    public virtual void Dispose() => _memory.Dispose();

    private static int PadTile(int size) => (size + Tile - 1) / Tile * Tile;
}
