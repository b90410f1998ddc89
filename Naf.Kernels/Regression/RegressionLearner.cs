using Naf.Gpu.Cpu;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;

namespace Naf.Kernels.Regression;

/// <summary>State of one learner's network: parameters, Adam's moments, scale of its samples, counters.</summary>
internal sealed unsafe class RegressionLearner : IDisposable
{
    // random lane of the initial weights; minibatches use lanes from 0 on
    private const uint WeightLane = uint.MaxValue;

    // rows predicted together
    private const int Block = 64;

    private readonly MlpWorkspace _space;
    private readonly HostBuffer _z;
    private readonly int _zRow;
    private int _transposed = -1;
    private double _losses;
    private long _counted;

    public RegressionLearner(MlpShape shape, ulong seed)
    {
        (Shape, Seed) = (shape, seed);
        (Mean, Scale) = (new float[shape.Input + shape.Output], [.. Enumerable.Repeat(1f, shape.Input + shape.Output)]);
        Parameters = new HostBuffer(shape.Parameters);
        First = new HostBuffer(shape.Parameters);
        Second = new HostBuffer(shape.Parameters);
        (_space, _zRow) = (new MlpWorkspace(shape, Block, training: false), MlpShape.Pad(shape.Input));
        _z = new HostBuffer(Block * _zRow);
        shape.Initialise(seed, WeightLane, 1, Parameters.Span, [], RandomStream.Regression);
    }

    public MlpShape Shape { get; }

    public ulong Seed { get; }

    /// <summary>θ.</summary>
    public HostBuffer Parameters { get; }

    /// <summary>Adam's m.</summary>
    public HostBuffer First { get; }

    /// <summary>Adam's v.</summary>
    public HostBuffer Second { get; }

    /// <summary>[inputs + outputs], mean of z and y.</summary>
    public float[] Mean { get; }

    /// <summary>[inputs + outputs], 1 / standard deviation of z and y.</summary>
    public float[] Scale { get; }

    /// <summary>False after a non-finite loss or gradient: that update and all later ones are skipped.</summary>
    public bool Finite { get; set; } = true;

    public long Updates { get; private set; }

    /// <summary>Incremented whenever the parameters may have changed.</summary>
    public int Version { get; set; }

    /// <summary>Draws and standardises rows [first, last) of a minibatch.</summary>
    /// <param name="rows">[count, inputs + outputs].</param>
    /// <param name="ahead">Which update the minibatch is for: 0 for the next one, 1 for the one after it.</param>
    /// <param name="z">[batch, zRow]; entries after the inputs are not written.</param>
    /// <param name="y">[batch, yRow]; entries after the outputs are not written.</param>
    public void Sample(float* rows, int count, int ahead, int first, int last, float* z, int zRow, float* y, int yRow)
    {
        int inputs = Shape.Input, outputs = Shape.Output;
        PhiloxBlock words = default;
        for (int m = first; m < last; m++)
        {
            if ((m & 3) == 0 || m == first)
                words = Philox.At(Seed, RandomStream.Regression, (ulong)(Updates + ahead), (uint)m >> 2);
            uint word = (m & 3) switch { 0 => words.A, 1 => words.B, 2 => words.C, _ => words.D };
            float* row = rows + (long)Philox.Index(word, count) * (inputs + outputs);
            float* zm = z + (long)m * zRow, ym = y + (long)m * yRow;
            for (int i = 0; i < inputs; i++) zm[i] = (row[i] - Mean[i]) * Scale[i];
            for (int i = 0, j = inputs; i < outputs; i++, j++) ym[i] = (row[j] - Mean[j]) * Scale[j];
        }
    }

    /// <summary>y = g(z). A row of y depends only on its row of z, bitwise.</summary>
    /// <param name="z">[n, inputs].</param>
    /// <param name="y">[n, outputs].</param>
    public void Predict(ReadOnlySpan<float> z, Span<float> y)
    {
        (int inputs, int outputs) = (Shape.Input, Shape.Output);
        if (_transposed != Version) Mlp.TransposeWeights(_space, Parameters.Pointer, 0, 1);
        _transposed = Version;
        for (int at = 0, n = z.Length / inputs; at < n; at += Block)
        {
            int rows = Math.Min(Block, n - at);
            for (int m = 0; m < rows; m++)
                for (int i = 0; i < inputs; i++)
                    _z.Pointer[m * _zRow + i] = (z[(at + m) * inputs + i] - Mean[i]) * Scale[i];
            float* theta = Parameters.Pointer;
            Mlp.Forward(_space, theta, null, _z.Pointer, _zRow, 0, rows, marked: 0);
            for (int m = 0; m < rows; m++)
                for (int j = 0; j < outputs; j++)
                {
                    // a constant entry is predicted as its mean
                    float mean = Mean[inputs + j], scale = Scale[inputs + j];
                    float value = _space.Output[m * _space.OutputRow + j];
                    y[(at + m) * outputs + j] = scale > 0 ? mean + value / scale : mean;
                }
        }
    }

    public void Record(double loss)
    {
        Updates++;
        _counted++;
        _losses += loss;
    }

    /// <summary>Mean of the losses since the last call; NaN if there are none.</summary>
    public double TakeLoss()
    {
        double mean = _losses / _counted;
        (_losses, _counted) = (0, 0);
        return mean;
    }

    /// <exception cref="InvalidDataException">The data is of a network with other sizes.</exception>
    public void Serialise(CheckpointScope scope)
    {
        Finite = scope.Value("finite", Finite);
        Updates = scope.Value("updates", Updates);
        scope.Fill<float>("mean", Mean);
        scope.Fill<float>("scale", Scale);
        foreach (BufferSection array in Arrays()) scope.Fill(array);
        Version++;
    }

    public void Dispose()
    {
        foreach (IDisposable memory in (IDisposable[])[Parameters, First, Second, _space, _z]) memory.Dispose();
    }

    private IEnumerable<BufferSection> Arrays() =>
        from kind in new[] { ("parameters", Parameters), ("adam.m", First), ("adam.v", Second) }
        from array in Shape.Arrays()
        select new BufferSection($"{kind.Item1}.{array.Name}", kind.Item2, array.At, array.Shape);
}
