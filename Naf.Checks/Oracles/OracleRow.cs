using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Checks.Oracles;

/// <summary>
/// A learner's row and the other kernel arguments, in double precision on the host, for kernel bodies run as plain C#.
/// </summary>
internal sealed class OracleRow : IDisposable
{
    /// <summary>Rows that a thread sums: of Twice&lt;Twice&lt;OneRow&gt;&gt;.</summary>
    public const int Sums = 4;

    private readonly HostArrays _arrays = new();
    private readonly HostArray<double> _row;

    /// <param name="layout">A layout whose tiles hold multiples of 4 samples. The work memory is set to NaN.</param>
    /// <param name="scratch">Elements of shared memory beside those of the passes.</param>
    public OracleRow(LearnerLayout layout, int scratch = 0)
    {
        (Layout, LearnerSizes s) = (layout, layout.Sizes);
        _row = _arrays.Add(new HostArray<double>(s.Row));
        Layers = _arrays.Put(layout.Layers.AsSpan());
        Tiles = _arrays.Put(layout.Tiles.AsSpan());
        int largest = layout.Tiles.Max(t => MatrixProduct.PartialLength(t.Rows, t.Columns, Sums, 1));
        int passes = LaunchPlan.ForwardLength(s.Rows, s.Stride, Sums, 1) + scratch;
        Memory = _arrays.Add(new HostArray<double>(Math.Max(largest, passes)));
        Poison();
    }

    public LearnerLayout Layout { get; }

    public ArrayView<double> View => _row.View;

    public ArrayView<LayerShape> Layers { get; }

    public ArrayView<TileShape> Tiles { get; }

    public HostArray<double> Memory { get; }

    public Span<double> At(int place, int count) => _row.Span.Slice(place, count);

    /// <summary>Writes float32 numbers from an offset on.</summary>
    public void Put(ReadOnlySpan<float> numbers, int place)
    {
        Span<double> to = At(place, numbers.Length);
        for (int i = 0; i < numbers.Length; i++) to[i] = numbers[i];
    }

    /// <summary>Fills the work memory with NaN: an update must write it before reading it.</summary>
    public void Poison()
    {
        _row.Span[Layout.Work..].Fill(double.NaN);
        Memory.Span.Fill(double.NaN);
    }

    /// <summary>Makes the transposed weights for the forward pass.</summary>
    public void CopyWeights()
    {
        foreach (TileShape tile in Layout.Tiles)
            MlpWeights.Apply<double, DoubleMath, SingleThread>(View, Layout.Sizes, tile, default,
                onlyCopies: true, default);
    }

    public double[] Gradient()
    {
        for (int tile = 0; tile < Layout.Tiles.Length; tile++)
            MlpWeights.Gradient<double, Twice<double, Twice<double, OneRow<double>>>, SingleThread>(
                View, Layout.Sizes, Layout.Tiles[tile], tile, Memory.View, default);
        return At(Layout.Sizes.Gradient, Layout.Sizes.First - Layout.Sizes.Parameters).ToArray();
    }

    public void Dispose() => _arrays.Dispose();
}
