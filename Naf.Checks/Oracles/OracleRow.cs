using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Checks.Oracles;

/// <summary>A learner's row and what kernels need beside it, in double precision on the host: kernels' bodies run on it as plain C#.</summary>
internal sealed class OracleRow : IDisposable
{
    private readonly HostArray<double> _row, _memory;
    private readonly HostArray<LayerShape> _layers;
    private readonly HostArray<TileShape> _tiles;

    /// <param name="layout">For tiles of whole fours of samples. The work memory is not-a-number.</param>
    public OracleRow(LearnerLayout layout, int action = 0)
    {
        (Layout, LearnerSizes s) = (layout, layout.Sizes);
        _row = new HostArray<double>(s.Row);
        (_layers, _tiles) = (new HostArray<LayerShape>(layout.Layers.AsSpan()), new HostArray<TileShape>(layout.Tiles.AsSpan()));
        _row.Span[layout.Work..].Fill(double.NaN);
        int largest = layout.Tiles.Max(t => MatrixProduct.PartialLength(t.Rows, t.Columns, Sums, 1));
        _memory = new HostArray<double>(
            Math.Max(largest, UpdatePasses.ForwardLength(s.Rows, s.Stride, Sums, 1) + UpdatePasses.LossLength(s.Rows, action)));
        _memory.Span.Fill(double.NaN);
    }

    /// <summary>Rows that a thread sums: of Twice&lt;Twice&lt;OneRow&gt;&gt;.</summary>
    public const int Sums = 4;

    /// <summary>Sizes and places.</summary>
    public LearnerLayout Layout { get; }

    /// <summary>The row.</summary>
    public ArrayView<double> View => _row.View;

    /// <inheritdoc cref="LearnerLayout.Layers"/>
    public ArrayView<LayerShape> Layers => _layers.View;

    /// <inheritdoc cref="LearnerLayout.Tiles"/>
    public ArrayView<TileShape> Tiles => _tiles.View;

    /// <summary>Shared memory.</summary>
    public HostArray<double> Memory => _memory;

    /// <summary>So many numbers from a place on.</summary>
    public Span<double> At(int place, int count) => _row.Span.Slice(place, count);

    /// <summary>Makes the copies of the weights that the forward pass reads.</summary>
    public void CopyWeights()
    {
        foreach (TileShape tile in Layout.Tiles)
            MlpWeights.Apply<double, DoubleMath, SingleThread>(View, Layout.Sizes, tile, default, onlyCopies: true, default);
    }

    /// <summary>The gradient of every parameter.</summary>
    public double[] Gradient()
    {
        for (int tile = 0; tile < Layout.Tiles.Length; tile++)
            MlpWeights.Gradient<double, Twice<double, Twice<double, OneRow<double>>>, SingleThread>(
                View, Layout.Sizes, Layout.Tiles[tile], tile, _memory.View, default);
        return At(Layout.Sizes.Gradient, Layout.Sizes.First - Layout.Sizes.Parameters).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _memory.Dispose();
        _layers.Dispose();
        _tiles.Dispose();
    }
}
