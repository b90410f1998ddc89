namespace Naf.Kernels;

/// <summary>
/// Forward and backward pass of a perceptron on the CPU, over any range of a minibatch's rows (forward, gradients of activations) or of a
/// layer's inputs (gradients of weights), so that several threads can share the work; sums run in a fixed order whoever takes them.
/// <code>
/// h₀ = x,  zₗ = hₗ₋₁ Wₗ + bₗ,  hₗ = max(zₗ, 0),  output = h W + b
/// ∂/∂hₗ = ∂/∂zₗ₊₁ Wₗ₊₁ᵀ,  ∂/∂zₗ = ∂/∂hₗ where hₗ > 0,  ∂/∂Wₗ = hₗ₋₁ᵀ ∂/∂zₗ
/// </code>
/// With batch normalisation the rows cannot be shared: the range is the whole minibatch.
/// </summary>
internal static unsafe class Mlp<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Output of rows [first, last) from the inputs; keeps the activations for the backward pass.</summary>
    /// <param name="statistics">Running statistics of the batch normalisation to use; null: those of this batch.</param>
    /// <param name="x">[batch, xRow].</param>
    public static void Forward(MlpWorkspace space, float* parameters, float* statistics, float* x, int xRow, int first, int last)
    {
        MlpShape shape = space.Shape;
        int rows = last - first;
        if (rows <= 0) return;
        float* input = x + (nint)first * xRow;
        int inputRow = xRow, words = 0;
        ulong* bits = null;
        for (int l = 0; l < shape.Layers; l++)
        {
            int columns = MlpShape.Pad(shape.Hidden[l]);
            float* z = space.Activation[l] + (nint)first * columns, bias = parameters + shape.Biases(l);
            // h = max(h W + b, 0), in place of z
            if (shape.BatchNorm)
            {
                RowProduct<TLanes, TVector>.Multiply<NoFinish<TVector>>(rows, input, inputRow, 1, bits, words, shape.Inputs(l),
                    parameters + shape.Weights(l), columns, space.Zeros, z, columns, columns);
                BatchNorm<TLanes, TVector>.Forward(space, l, parameters, statistics, rows);
                RowOperations<TLanes, TVector>.Relu((long)rows * columns, z);
            }
            else
            {
                RowProduct<TLanes, TVector>.Multiply<ReluFinish<TLanes, TVector>>(rows, input, inputRow, 1, bits, words, shape.Inputs(l),
                    parameters + shape.Weights(l), columns, bias, z, columns, columns);
            }
            words = BitMatrix.Words(columns);
            bits = space.Bits[l] + (nint)first * words;
            RowOperations<TLanes, TVector>.Mark(rows, z, columns, bits, words);
            input = z;
            inputRow = columns;
        }
        RowOperations<TLanes, TVector>.Dot(rows, input, inputRow, parameters + shape.Weights(shape.Layers), parameters + shape.Biases(shape.Layers),
            shape.Output, space.Output + (nint)first * space.OutputRow, space.OutputRow);
    }

    /// <summary>A share of the work that <see cref="BackwardRows"/> needs done first: transposes the hidden layers' weights.</summary>
    public static void TransposeWeights(MlpWorkspace space, float* parameters, int member, int members)
    {
        for (int l = 1; l < space.Shape.Layers; l++)
        {
            (int from, int to) = Share(space.Shape.Inputs(l), member, members);
            Transposition.Run(parameters + space.Shape.Weights(l), MlpShape.Pad(space.Shape.Hidden[l]), space.Shape.Hidden[l],
                space.Transposed[l], MlpShape.Pad(space.Shape.Inputs(l)), from, to);
        }
    }

    /// <summary>∂loss/∂z of every hidden layer for rows [first, last), from ∂loss/∂output.</summary>
    /// <param name="gradient">Takes the gradient of scale and shift where the network is batch-normalised.</param>
    public static void BackwardRows(MlpWorkspace space, float* parameters, float* gradient, int first, int last)
    {
        MlpShape shape = space.Shape;
        int rows = last - first;
        if (rows <= 0) return;
        float* d = space.OutputGradient + (nint)first * space.OutputRow, weights = parameters + shape.Weights(shape.Layers);
        int dRow = space.OutputRow, words = 0;
        ulong* bits = null;
        for (int l = shape.Layers - 1; l >= 0; l--)
        {
            int columns = MlpShape.Pad(shape.Hidden[l]), units = l == shape.Layers - 1 ? shape.Output : shape.Hidden[l + 1];
            float* dz = space.Gradient[l] + (nint)first * columns;
            // ∂/∂h = ∂/∂z of the layer above times its weights, kept where h > 0
            RowProduct<TLanes, TVector>.Multiply<GateFinish<TLanes, TVector>>(rows, d, dRow, 1, bits, words, units, weights, columns, space.Zeros,
                dz, columns, columns, space.Activation[l] + (nint)first * columns);
            if (shape.BatchNorm) BatchNorm<TLanes, TVector>.Backward(space, l, parameters, gradient);
            d = dz;
            dRow = columns;
            weights = space.Transposed[l];
            words = BitMatrix.Words(columns);
            // normalisation spreads a gradient over the batch: none of it is zero then
            bits = shape.BatchNorm ? null : space.Bits[l] + (nint)first * words;
        }
    }

    /// <summary>A share of the gradient of all weights and biases, from ∂loss/∂z.</summary>
    /// <param name="x">[batch, xRow].</param>
    /// <param name="gradient">[Parameters]; every element but the padding is written by one member.</param>
    public static void BackwardWeights(MlpWorkspace space, float* x, int xRow, float* gradient, int member, int members)
    {
        MlpShape shape = space.Shape;
        int batch = space.Batch, batchWords = BitMatrix.Words(batch);
        for (int l = 0; l < shape.Layers; l++)
        {
            int columns = MlpShape.Pad(shape.Hidden[l]);
            (int from, int to) = Share(shape.Inputs(l), member, members);
            ulong* bits = l == 0 ? null : ColumnBits(space, l - 1, from, to);
            float* input = l == 0 ? x : space.Activation[l - 1];
            int inputRow = l == 0 ? xRow : MlpShape.Pad(shape.Inputs(l));
            RowProduct<TLanes, TVector>.Multiply<NoFinish<TVector>>(to - from, input + from, 1, inputRow, bits, batchWords, batch, space.Gradient[l], columns,
                space.Zeros, gradient + shape.Weights(l) + (nint)from * columns, columns, columns);
            if (member == 0 && !shape.BatchNorm)
                RowOperations<TLanes, TVector>.SumRows(batch, space.Gradient[l], columns, gradient + shape.Biases(l));
        }
        // the head: a row of weights per output
        int last = shape.Layers, width = MlpShape.Pad(shape.Hidden[^1]);
        (int firstOutput, int lastOutput) = Share(shape.Output, member, members);
        RowProduct<TLanes, TVector>.Multiply<NoFinish<TVector>>(lastOutput - firstOutput, space.OutputGradient + firstOutput, 1, space.OutputRow, null, 0, batch,
            space.Activation[last - 1], width, space.Zeros, gradient + shape.Weights(last) + (nint)firstOutput * width, width, width);
        if (member == 0)
            RowOperations<TLanes, TVector>.SumRows(batch, space.OutputGradient, space.OutputRow, gradient + shape.Biases(last));
    }

    /// <summary>Part <paramref name="member"/> of <paramref name="members"/> nearly equal parts of 0..count, cut at multiples of 8.</summary>
    public static (int From, int To) Share(int count, int member, int members)
    {
        int eighths = (count + 7) / 8;
        return (Math.Min(count, eighths * member / members * 8), Math.Min(count, eighths * (member + 1) / members * 8));
    }

    // whether unit j of a layer is not zero in sample m, for the units from..to; members whose shares meet in a block write the same bits
    private static ulong* ColumnBits(MlpWorkspace space, int layer, int from, int to)
    {
        int words = BitMatrix.Words(MlpShape.Pad(space.Shape.Hidden[layer])), batchWords = BitMatrix.Words(space.Batch);
        for (int block = from >> 6; block <= (to - 1) >> 6; block++)
            BitMatrix.TransposeBlock(space.Bits[layer], space.Batch, words, block, space.ColumnBits[layer]);
        return space.ColumnBits[layer] + (nint)from * batchWords;
    }
}
