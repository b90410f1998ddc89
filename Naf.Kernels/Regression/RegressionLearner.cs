using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;

namespace Naf.Kernels.Regression;

/// <summary>All that one learner's network is: parameters, Adam's moments, the scale of its samples and counters.</summary>
internal sealed unsafe class RegressionLearner : IDisposable
{
    // lane of the initial weights: minibatches use those from 0 on
    private const uint WeightLane = uint.MaxValue;

    private double _losses;
    private long _counted;

    public RegressionLearner(MlpShape shape, ulong seed)
    {
        (Shape, Seed) = (shape, seed);
        (MeanIn, ScaleIn) = (new float[shape.Input], [.. Enumerable.Repeat(1f, shape.Input)]);
        (MeanOut, ScaleOut) = (new float[shape.Output], [.. Enumerable.Repeat(1f, shape.Output)]);
        Parameters = new HostBuffer(shape.Parameters);
        First = new HostBuffer(shape.Parameters);
        Second = new HostBuffer(shape.Parameters);
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

    /// <summary>[inputs], mean of z and 1 / its standard deviation.</summary>
    public float[] MeanIn { get; }

    /// <inheritdoc cref="MeanIn"/>
    public float[] ScaleIn { get; }

    /// <summary>[outputs], mean of y and 1 / its standard deviation.</summary>
    public float[] MeanOut { get; }

    /// <inheritdoc cref="MeanOut"/>
    public float[] ScaleOut { get; }

    /// <summary>False: a loss or gradient was not finite; that update was not made and there are no more.</summary>
    public bool Finite { get; private set; } = true;

    /// <summary>Updates made.</summary>
    public long Updates { get; private set; }

    /// <summary>Grows whenever the parameters may have changed.</summary>
    public int Version { get; set; }

    /// <summary>Rows [first, last) of the minibatch of the next update but <paramref name="ahead"/>, standardised.</summary>
    /// <param name="rows">[count, inputs + outputs].</param>
    /// <param name="z">[batch, zRow]; what is behind the inputs stays.</param>
    /// <param name="y">[batch, yRow]; what is behind the outputs stays.</param>
    public void Sample(float* rows, int count, int ahead, int first, int last, float* z, int zRow, float* y, int yRow)
    {
        int inputs = Shape.Input, outputs = Shape.Output;
        PhiloxBlock words = default;
        for (int m = first; m < last; m++)
        {
            if ((m & 3) == 0 || m == first) words = Philox.At(Seed, RandomStream.Regression, (ulong)(Updates + ahead), (uint)m >> 2);
            uint word = (m & 3) switch { 0 => words.A, 1 => words.B, 2 => words.C, _ => words.D };
            float* row = rows + (long)Philox.Index(word, count) * (inputs + outputs), zm = z + (long)m * zRow, ym = y + (long)m * yRow;
            for (int i = 0; i < inputs; i++) zm[i] = (row[i] - MeanIn[i]) * ScaleIn[i];
            for (int i = 0; i < outputs; i++) ym[i] = (row[inputs + i] - MeanOut[i]) * ScaleOut[i];
        }
    }

    /// <summary>Counts an update that was made.</summary>
    public void Record(double loss)
    {
        Updates++;
        _counted++;
        _losses += loss;
    }

    /// <summary>Stops the learner: its last update was not finite and was not made.</summary>
    public void Stop() => Finite = false;

    /// <summary>Mean of the losses since the last call; NaN without any.</summary>
    public double TakeLoss()
    {
        double mean = _losses / _counted;
        (_losses, _counted) = (0, 0);
        return mean;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(Seed);
        writer.Write(Finite);
        writer.Write(Updates);
        foreach (float[] scale in Scales())
            fixed (float* values = scale) FloatStream.Write(writer, values, scale.Length);
        foreach (HostBuffer buffer in Buffers()) FloatStream.Write(writer, buffer.Pointer, buffer.Length);
    }

    /// <exception cref="InvalidDataException">The stream holds another learner.</exception>
    public void Load(BinaryReader reader)
    {
        ulong seed = reader.ReadUInt64();
        if (seed != Seed) throw new InvalidDataException($"the checkpoint's network has seed {seed} and this one {Seed}; use the seeds of the run");
        Finite = reader.ReadBoolean();
        Updates = reader.ReadInt64();
        foreach (float[] scale in Scales())
            fixed (float* values = scale) FloatStream.Read(reader, values, scale.Length);
        foreach (HostBuffer buffer in Buffers()) FloatStream.Read(reader, buffer.Pointer, buffer.Length);
        Version++;
    }

    public void Dispose()
    {
        foreach (HostBuffer buffer in Buffers()) buffer.Dispose();
    }

    private IEnumerable<float[]> Scales() => [MeanIn, ScaleIn, MeanOut, ScaleOut];

    private IEnumerable<HostBuffer> Buffers() => [Parameters, First, Second];
}
