using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using FourSums = Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.OneRow<double>>>;

namespace Naf.Checks.Oracles;

/// <summary>The perceptron of <see cref="MlpShape"/> in double precision: the kernels' bodies, run as plain C# on the whole batch.</summary>
public sealed class MlpOracle(MlpShape shape)
{
    private double[][][] _hidden = [];

    /// <summary>Hidden activations of the last batch, [layer][sample][unit].</summary>
    public IReadOnlyList<double[][]> Hidden => _hidden;

    /// <summary>output[m] for each sample.</summary>
    /// <param name="parameters">[Parameters].</param>
    /// <param name="statistics">Running statistics to normalise by; null: those of this batch.</param>
    /// <param name="x">[batch][input].</param>
    public double[][] Forward(double[] parameters, double[]? statistics, double[][] x)
    {
        using OracleRow row = Row(parameters, statistics, x);
        return Forward(row, trains: statistics is null, x.Length);
    }

    /// <summary>Adds ∂loss/∂parameters to <paramref name="gradient"/>, from ∂loss/∂output of a pass that normalises by its batch.</summary>
    public void Backward(double[] parameters, double[][] x, double[][] outputGradient, double[] gradient)
    {
        using OracleRow row = Row(parameters, null, x);
        Forward(row, trains: true, x.Length);
        LearnerSizes s = row.Layout.Sizes;
        LayerShape head = row.Layout.Layers[^1];
        for (int m = 0; m < s.Samples; m++)
            for (int o = 0; o < head.Columns; o++)
            {
                double g = m < x.Length && o < shape.Output ? outputGradient[m][o] : 0;
                row.Memory.Span[m * s.Stride + o] = g;
                row.At(head.Delta + m * head.DeltaSample + o * head.DeltaUnit, 1)[0] = g;
            }
        MlpBackward.Run<double, DoubleMath, FourSums, SingleThread>(row.View, row.Layers, s.Layers,
            new MlpTile(s.Rows, s.Stride) { Batch = x.Length }, row.Memory.View, row.Memory.View.SubView(s.Rows * s.Stride), default);
        double[] sums = row.Gradient();
        for (int i = 0; i < gradient.Length; i++) gradient[i] += sums[i];
    }

    private double[][] Forward(OracleRow row, bool trains, int batch)
    {
        LearnerSizes s = row.Layout.Sizes;
        for (int m = 0; m < s.Samples; m++)
            for (int i = 0; i < s.PaddedInput; i++) row.Memory.Span[m * s.Stride + i] = row.At(s.X + i * s.Samples + m, 1)[0];
        MlpForward.Run<double, DoubleMath, FourSums, SingleThread>(row.View, row.Layers, s.Layers,
            new MlpTile(s.Rows, s.Stride) { Batch = trains ? batch : 0 }, row.Memory.View, row.Memory.View.SubView(s.Rows * s.Stride), default);
        if (trains)
            _hidden = [.. row.Layout.Layers[..^1].Select(layer => Enumerable.Range(0, batch)
                .Select(m => row.At(layer.Output + m * layer.Columns, layer.Units).ToArray()).ToArray())];
        return [.. Enumerable.Range(0, batch).Select(m => row.Memory.Span.Slice(m * s.Stride, shape.Output).ToArray())];
    }

    // parameters without what stands in the padding, statistics and inputs
    private OracleRow Row(double[] parameters, double[]? statistics, double[][] x)
    {
        int rows = (x.Length + MatrixProduct.Turn - 1) / MatrixProduct.Turn * MatrixProduct.Turn;
        var row = new OracleRow(new LearnerLayout([shape], hasTarget: false, x.Length, 0, rows, 64, 64));
        LearnerSizes s = row.Layout.Sizes;
        for (int l = 0; l <= shape.Layers; l++)
            for (int to = 0; to < row.Layout.Layers[l].Units; to++)
            {
                for (int from = 0; from < shape.Inputs(l); from++) Put(shape.Weight(l, from, to));
                Put(shape.Biases(l) + to);
                if (row.Layout.Layers[l].Scales >= 0) Put(shape.Scales(l) + to);
            }
        statistics?.CopyTo(row.At(s.Statistics, shape.Statistics));
        for (int i = 0; i < s.PaddedInput; i++)
            for (int m = 0; m < s.Samples; m++) row.At(s.X + i * s.Samples + m, 1)[0] = m < x.Length && i < shape.Input ? x[m][i] : 0;
        row.CopyWeights();
        return row;

        void Put(int place) => row.At(s.Parameters + place, 1)[0] = parameters[place];
    }
}
