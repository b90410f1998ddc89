using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;

namespace Naf.Kernels.Regression;

/// <summary>y = g(z) of one learner, with a workspace of its own. A row's numbers do not depend on the rows beside it, bitwise.</summary>
internal sealed unsafe class RegressionPredictor : IDisposable
{
    // rows taken together
    private const int Block = 64;

    private readonly RegressionLearner _learner;
    private readonly MlpWorkspace _space;
    private readonly HostBuffer _z;
    private readonly int _zRow;
    private int _transposed = -1;

    public RegressionPredictor(RegressionLearner learner)
    {
        (_learner, _space) = (learner, new MlpWorkspace(learner.Shape, Block, training: false));
        _zRow = MlpShape.Pad(learner.Shape.Input);
        _z = new HostBuffer(Block * _zRow);
    }

    /// <param name="z">[n, inputs].</param>
    /// <param name="y">[n, outputs].</param>
    public void Predict(ReadOnlySpan<float> z, Span<float> y)
    {
        MlpShape shape = _learner.Shape;
        (int inputs, int outputs) = (shape.Input, shape.Output);
        if (_transposed != _learner.Version) Mlp.TransposeWeights(_space, _learner.Parameters.Pointer, 0, 1);
        _transposed = _learner.Version;
        for (int at = 0, n = z.Length / inputs; at < n; at += Block)
        {
            int rows = Math.Min(Block, n - at);
            for (int m = 0; m < rows; m++)
                for (int i = 0; i < inputs; i++)
                    _z.Pointer[m * _zRow + i] = (z[(at + m) * inputs + i] - _learner.MeanIn[i]) * _learner.ScaleIn[i];
            float* theta = _learner.Parameters.Pointer;
            float* h = Mlp.Hidden(_space, theta, null, _z.Pointer, _zRow, 0, rows, marked: 0);
            RowOperations.Dot(rows, h, MlpShape.Pad(shape.Hidden[^1]), theta + shape.Weights(shape.Layers), theta + shape.Biases(shape.Layers),
                outputs, _space.Output, _space.OutputRow);
            for (int m = 0; m < rows; m++)
                for (int j = 0; j < outputs; j++)
                {
                    // a constant entry is its mean
                    float scale = _learner.ScaleOut[j], value = _space.Output[m * _space.OutputRow + j];
                    y[(at + m) * outputs + j] = scale > 0 ? _learner.MeanOut[j] + value / scale : _learner.MeanOut[j];
                }
        }
    }

    public void Dispose()
    {
        _space.Dispose();
        _z.Dispose();
    }
}
