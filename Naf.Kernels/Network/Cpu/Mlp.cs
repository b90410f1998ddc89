namespace Naf.Kernels.Network.Cpu;

/// <summary>
/// Forward and backward pass of a perceptron on the CPU, over any range of a minibatch's rows (forward pass, gradients
/// of activations) or of a layer's rows of weights (gradients of weights), so that several threads can share the work;
/// sums run in a fixed order, whichever thread computes them.
/// <code>
/// h₀ = x,  zₗ = hₗ₋₁ Wₗ + bₗ,  hₗ = max(zₗ, 0),  output = h W + b
/// ∂/∂hₗ = ∂/∂zₗ₊₁ Wₗ₊₁ᵀ,  ∂/∂zₗ = ∂/∂hₗ where hₗ > 0,  ∂/∂Wₗ = hₗ₋₁ᵀ ∂/∂zₗ
/// </code>
/// With batch normalisation the rows cannot be shared: the range is the whole minibatch. A late input u makes h₀ the
/// row [h₀ | u].
/// </summary>
internal static unsafe class Mlp
{
    /// <summary>Transposes a worker's share of the weights above the first layer, for <see cref="Forward"/>.</summary>
    public static void TransposeWeights(MlpWorkspace space, float* parameters, int worker, int workers)
    {
        for (int l = 1; l < space.Shape.Layers; l++)
        {
            if (space.Transposed[l] is null) continue;
            (int from, int to) = Share(space.Shape.Hidden[l], worker, workers);
            Transposition.Run(
                parameters + space.Shape.Weights(l), MlpShape.Pad(space.Shape.Inputs(l)), space.Shape.Inputs(l),
                space.Transposed[l], space.Shape.Columns(l), from, to);
        }
    }

    /// <summary>Output of rows [first, last) from the inputs; keeps the activations for the backward pass.</summary>
    /// <param name="statistics">Running statistics for batch normalisation.</param>
    /// <param name="x">[batch, xRow].</param>
    /// <param name="marked">See <see cref="Hidden"/>.</param>
    /// <param name="trains">See <see cref="Hidden"/>.</param>
    /// <param name="lower">See <see cref="Hidden"/>.</param>
    public static void Forward(
        MlpWorkspace space, float* parameters, float* statistics, float* x, int xRow, int first, int last,
        int marked = int.MaxValue, bool trains = false, MlpWorkspace? lower = null)
    {
        MlpShape shape = space.Shape;
        if (first >= last) return;
        float* h = Hidden(space, parameters, statistics, x, xRow, first, last, marked, trains, lower);
        RowOperations.Dot(last - first, h, shape.Columns(shape.Layers - 1), parameters + shape.Weights(shape.Layers),
            parameters + shape.Biases(shape.Layers), shape.Output, space.Output + (nint)first * space.OutputRow,
            space.OutputRow);
    }

    /// <summary>The last hidden layer of rows [first, last), at least one row, from the inputs.</summary>
    /// <param name="statistics">Running statistics for batch normalisation.</param>
    /// <param name="x">[batch, xRow].</param>
    /// <param name="marked">
    /// Number of lowest layers whose zeros are marked and skipped in the products above: all if gradients follow, 0 if
    /// a row's results must not depend on the neighbouring rows.
    /// </param>
    /// <param name="trains">Whether batch normalisation uses the statistics of this batch.</param>
    /// <param name="lower">
    /// A pass of the same network for the same x, but another late input, whose first hidden layer is taken; null for
    /// none.
    /// </param>
    /// <returns>Row <paramref name="first"/> of the activations [batch, Pad(units)].</returns>
    public static float* Hidden(MlpWorkspace space, float* parameters, float* statistics, float* x, int xRow, int first,
        int last, int marked, bool trains = false, MlpWorkspace? lower = null)
    {
        MlpShape shape = space.Shape;
        int rows = last - first, inputRow = xRow, words = 0;
        float* input = x + (nint)first * xRow;
        ulong* bits = null;
        for (int l = 0; l < shape.Layers; l++)
        {
            int columns = shape.Columns(l);
            float* z = space.Activation[l] + (nint)first * columns,
                weights = l == 0 ? parameters + shape.Weights(0) : space.Transposed[l];
            float* bias = shape.BatchNorm ? space.Zeros : parameters + shape.Biases(l);
            // z = h W + b
            if (l == 0 && lower is not null)
                Buffer.MemoryCopy(
                    lower.Activation[0] + (nint)first * columns, z, 4L * rows * columns, 4L * rows * columns);
            else if (weights is null)
                RowOperations.Dot(rows, input, inputRow, parameters + shape.Weights(l), bias,
                    shape.Hidden[l], z, columns);
            else if (shape.Normalised)
                MaskedMatMul.Multiply<NoFinish>(
                    rows, input, inputRow, 1, bits, words, shape.Inputs(l), weights, columns, bias, z,
                    columns, columns);
            else
                MaskedMatMul.Multiply<ReluFinish>(
                    rows, input, inputRow, 1, bits, words, shape.Inputs(l), weights, columns, bias, z,
                    columns, columns);
            // h = max(z, 0)
            if (l > 0 || lower is null)
            {
                if (shape.BatchNorm) BatchNorm.Forward(space, l, parameters, statistics, rows, trains);
                if (shape.Normalisation == Normalisation.Layer) LayerNorm.Forward(space, l, parameters, first, last);
                else if (shape.BatchNorm || weights is null) RowOperations.Relu((long)rows * columns, z);
            }
            if (l == 0) InsertLate(space, first, last);
            words = BitMatrix.Words(columns);
            bits = l < marked ? space.Bits[l] + (nint)first * words : null;
            if (bits is not null) RowOperations.Mark(rows, z, columns, bits, words);
            input = z;
            inputRow = columns;
        }
        return input;
    }

    /// <summary>∂loss/∂z of every hidden layer for rows [first, last), from ∂loss/∂output.</summary>
    /// <param name="gradient">Receives the gradients of batch normalisation's scales and shifts.</param>
    /// <param name="lowest">The lowest layer that is needed.</param>
    public static void BackwardRows(
        MlpWorkspace space, float* parameters, float* gradient, int first, int last, int lowest = 0)
    {
        MlpShape shape = space.Shape;
        int rows = last - first;
        if (rows <= 0) return;
        float* d = space.OutputGradient + (nint)first * space.OutputRow;
        int dRow = space.OutputRow, words = 0;
        ulong* bits = null;
        for (int l = shape.Layers - 1; l >= lowest; l--)
        {
            int columns = shape.Columns(l);
            int above = l + 1 < shape.Layers ? shape.Hidden[l + 1] : shape.Output;
            float* dz = space.Gradient[l] + (nint)first * columns;
            // ∂/∂h = ∂/∂z of the layer above times its weights, kept where h > 0
            MaskedMatMul.Multiply<GateFinish>(rows, d, dRow, 1, bits, words, above, parameters + shape.Weights(l + 1),
                columns, space.Zeros, dz, columns, columns, space.Activation[l] + (nint)first * columns);
            // the late input is no unit of the first layer
            for (int m = 0; l == 0 && m < rows; m++)
                new Span<float>(dz + (nint)m * columns + shape.Hidden[0], shape.Late).Clear();
            if (shape.BatchNorm) BatchNorm.Backward(space, l, parameters, gradient);
            if (shape.Normalisation == Normalisation.Layer) LayerNorm.Backward(space, l, parameters, first, last);
            d = dz;
            dRow = columns;
            words = BitMatrix.Words(columns);
            // normalisation spreads a gradient over the batch or the layer, so none of it is zero
            bits = shape.Normalised ? null : space.Bits[l] + (nint)first * words;
        }
    }

    /// <summary>∂loss/∂u of the late input for rows [first, last), from ∂loss/∂z of the second layer.</summary>
    public static void BackwardLate(MlpWorkspace space, float* parameters, int first, int last)
    {
        MlpShape shape = space.Shape;
        if (first >= last) return;
        int columns = shape.Columns(1), words = BitMatrix.Words(columns), row = space.LateBlock;
        ulong* bits = shape.Normalised ? null : space.Bits[1] + (nint)first * words;
        MaskedMatMul.Multiply<NoFinish>(last - first, space.Gradient[1] + (nint)first * columns, columns, 1, bits,
            words, shape.Hidden[1], parameters + shape.Weights(1) + (shape.Columns(0) - row), shape.Columns(0),
            space.Zeros, space.LateBlockGradient + (nint)first * row, row, row);
    }

    /// <summary>A share of the gradient of all weights and biases, from ∂loss/∂z.</summary>
    /// <param name="x">[batch, xRow].</param>
    /// <param name="gradient">[Parameters]; every element but the padding is written by one worker.</param>
    public static void BackwardWeights(MlpWorkspace space, float* x, int xRow, float* gradient, int worker, int workers)
    {
        MlpShape shape = space.Shape;
        int batch = space.Batch;
        // the first layer: a row of weights per input, xᵀ ∂/∂z
        int width = shape.Columns(0);
        (int from, int to) = Share(shape.Input, worker, workers);
        MaskedMatMul.Multiply<NoFinish>(to - from, x + from, 1, xRow, null, 0, batch, space.Gradient[0], width,
            space.Zeros, gradient + shape.Weights(0) + (nint)from * width, width, width);
        // the layers above: a row per unit or output, (∂/∂z)ᵀ h
        for (int l = 1; l <= shape.Layers; l++)
        {
            bool head = l == shape.Layers;
            float* d = head ? space.OutputGradient : space.Gradient[l];
            int dRow = head ? space.OutputRow : shape.Columns(l), inputs = MlpShape.Pad(shape.Inputs(l));
            (from, to) = Share(head ? shape.Output : shape.Hidden[l], worker, workers);
            ulong* bits = head || shape.Normalised || from == to ? null : ColumnBits(space, l, from, to);
            MaskedMatMul.Multiply<NoFinish>(to - from, d + from, 1, dRow, bits, BitMatrix.Words(batch), batch,
                space.Activation[l - 1], inputs, space.Zeros, gradient + shape.Weights(l) + (nint)from * inputs,
                inputs, inputs);
        }
        if (worker != 0) return;
        for (int l = 0; l < shape.Layers && !shape.BatchNorm; l++)
        {
            RowOperations.SumRows(batch, space.Gradient[l], shape.Columns(l), gradient + shape.Biases(l));
            if (shape.Normalised) LayerNorm.BackwardParameters(space, l, gradient);
        }
        RowOperations.SumRows(batch, space.OutputGradient, space.OutputRow, gradient + shape.Biases(shape.Layers));
    }

    /// <summary>A worker's part of 0..count, in nearly equal parts cut at multiples of 8.</summary>
    public static (int From, int To) Share(int count, int worker, int workers)
    {
        int eighths = (count + 7) / 8;
        return (Math.Min(count, eighths * worker / workers * 8), Math.Min(count, eighths * (worker + 1) / workers * 8));
    }

    // writes u behind the units of the first layer
    private static void InsertLate(MlpWorkspace space, int first, int last)
    {
        (int late, int columns) = (space.Shape.Late, space.Shape.Columns(0));
        float* to = space.Activation[0] + space.Shape.Hidden[0];
        for (int m = first; m < last && late > 0; m++)
            new ReadOnlySpan<float>(space.Late + (nint)m * late, late)
                .CopyTo(new Span<float>(to + (nint)m * columns, late));
    }

    // bit m of row j: whether unit j of a layer is nonzero in sample m, for the units from..to; workers whose shares
    // meet in a block write the same bits
    private static ulong* ColumnBits(MlpWorkspace space, int layer, int from, int to)
    {
        int words = BitMatrix.Words(space.Shape.Columns(layer)), batchWords = BitMatrix.Words(space.Batch);
        for (int block = from >> 6; block <= (to - 1) >> 6; block++)
            BitMatrix.TransposeBlock(space.Bits[layer], space.Batch, words, block, space.ColumnBits[layer]);
        return space.ColumnBits[layer] + (nint)from * batchWords;
    }
}
