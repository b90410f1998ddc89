using Naf.Gpu.Cpu;

namespace Naf.Kernels.Network.Cpu;

/// <summary>The activations, their gradients and the transposed weights of one network for one minibatch.</summary>
internal sealed unsafe class MlpWorkspace : IDisposable
{
    private readonly List<HostBuffer> _buffers = [];

    /// <param name="training">Whether gradients are needed; otherwise only the forward pass gets memory.</param>
    /// <param name="lender">
    /// A workspace with the same hidden layers and no shorter rows, whose memory for transposed weights and gradients
    /// this one shares: the two are never in use at the same time, and the memory stays in the cache.
    /// </param>
    public MlpWorkspace(MlpShape shape, int batch, bool training, MlpWorkspace? lender = null)
    {
        (Shape, Batch) = (shape, batch);
        int layers = shape.Layers;
        (Activation, Gradient, Transposed, Normalised) =
            (new float*[layers], new float*[layers], new float*[layers], new float*[layers]);
        (Bits, ColumnBits) = (new ulong*[layers], new ulong*[layers]);
        (Moments, ShiftGradient) = (new float*[layers], new float*[layers]);
        Zeros = Floats(Enumerable.Range(0, layers).Max(shape.Columns));
        for (int l = 0; l < layers; l++)
        {
            int columns = shape.Columns(l), words = BitMatrix.Words(columns);
            Activation[l] = Floats((long)batch * columns);
            Bits[l] = Words((long)batch * words);
            if (shape.Normalised)
            {
                Normalised[l] = Floats((long)batch * columns);
                Moments[l] = Floats(shape.BatchNorm ? 5 * columns : batch);
            }
            // a single sample is faster without transposed weights
            if (l > 0 && batch > 1)
                Transposed[l] = lender is not null ? lender.Transposed[l] : Floats((long)shape.Inputs(l) * columns);
            if (!training) continue;
            if (l > 0) ColumnBits[l] = Words(64L * words * BitMatrix.Words(batch));
            Gradient[l] = lender is not null ? lender.Gradient[l] : Floats((long)batch * columns);
            if (shape.Normalisation == Normalisation.Layer)
                ShiftGradient[l] = lender is not null ? lender.ShiftGradient[l] : Floats((long)batch * columns);
        }
        Late = Floats((long)batch * shape.Late);
        LateBlock = shape.Late > 0 ? shape.Columns(0) - (shape.Hidden[0] & ~15) : 0;
        if (training) LateBlockGradient = Floats((long)batch * LateBlock);
        OutputRow = MlpShape.Pad(shape.Output);
        Output = Floats((long)batch * OutputRow);
        if (training) OutputGradient = Floats((long)batch * OutputRow);
    }

    public MlpShape Shape { get; }

    public int Batch { get; }

    /// <summary>h of each hidden layer after its ReLU, the first with the late input: [batch, columns].</summary>
    public float*[] Activation { get; }

    /// <summary>Whether h is not zero: [batch, words].</summary>
    public ulong*[] Bits { get; }

    /// <summary>The same transposed, for hidden layers above the first: [units, words of the batch].</summary>
    public ulong*[] ColumnBits { get; }

    /// <summary>∂loss/∂z of each hidden layer, z before normalisation and ReLU: [batch, Pad(units)].</summary>
    public float*[] Gradient { get; }

    /// <summary>Transposed weights above the first layer: [inputs, Pad(units)]; null for a batch of one.</summary>
    public float*[] Transposed { get; }

    /// <summary>
    /// Normalisation only: the normalised sums ẑ [batch, Pad(units)]; with layer normalisation, after the backward pass
    /// ẑ ∂loss/∂y.
    /// </summary>
    public float*[] Normalised { get; }

    /// <summary>
    /// Batch normalisation: mean, variance, 1/√(variance + ε), r and d, each [Pad(units)]; layer normalisation:
    /// 1/√(variance + ε), [batch].
    /// </summary>
    public float*[] Moments { get; }

    /// <summary>Layer normalisation only: ∂loss/∂y, y = scale ẑ + shift: [batch, Pad(units)].</summary>
    public float*[] ShiftGradient { get; }

    /// <summary>The late input u, to be written before a pass: [batch, late].</summary>
    public float* Late { get; }

    /// <summary>∂loss/∂u of the late input: entry i of sample m is at [m, i].</summary>
    public float LateGradient(int m, int i) => LateBlockGradient[(nint)m * LateBlock + (Shape.Hidden[0] & 15) + i];

    /// <summary>[batch, LateBlock], the columns of whole registers that hold ∂loss/∂u.</summary>
    public float* LateBlockGradient { get; }

    public int LateBlock { get; }

    /// <summary>[batch, OutputRow].</summary>
    public float* Output { get; }

    /// <summary>∂loss/∂output: [batch, OutputRow].</summary>
    public float* OutputGradient { get; }

    public int OutputRow { get; }

    /// <summary>A row of zeros, as long as the longest hidden layer.</summary>
    public float* Zeros { get; }

    public void Dispose() => _buffers.ForEach(b => b.Dispose());

    private float* Floats(long count)
    {
        var buffer = new HostBuffer(count);
        _buffers.Add(buffer);
        return buffer.Pointer;
    }

    private ulong* Words(long count) => (ulong*)Floats(2 * count);
}
