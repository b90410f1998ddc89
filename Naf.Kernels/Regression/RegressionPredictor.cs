using System.Runtime.Intrinsics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>y = g(z) of one learner, with a workspace of its own. A row's numbers do not depend on the rows beside it, bitwise.</summary>
internal abstract class RegressionPredictor : IDisposable
{
    /// <param name="width">Floats of a register (16, 8 or 4), or 0 for the widest that the processor has.</param>
    public static RegressionPredictor Create(RegressionLearner learner, int width = 0)
    {
        return (width == 0 ? CpuDevice.RegisterFloats : width) switch
        {
            16 => new RegressionPredictor<Lanes512, Vector512<float>>(learner),
            8 => new RegressionPredictor<Lanes256, Vector256<float>>(learner),
            _ => new RegressionPredictor<Lanes128, Vector128<float>>(learner),
        };
    }

    /// <param name="z">[n, inputs].</param>
    /// <param name="y">[n, outputs].</param>
    public abstract void Predict(ReadOnlySpan<float> z, Span<float> y);

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class RegressionPredictor<TLanes, TVector> : RegressionPredictor
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
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

    public override void Predict(ReadOnlySpan<float> z, Span<float> y)
    {
        (int inputs, int outputs) = (_learner.Shape.Input, _learner.Shape.Output);
        if (_transposed != _learner.Version) Mlp<TLanes, TVector>.TransposeWeights(_space, _learner.Parameters.Pointer, 0, 1);
        _transposed = _learner.Version;
        for (int at = 0, n = z.Length / inputs; at < n; at += Block)
        {
            int rows = Math.Min(Block, n - at);
            for (int m = 0; m < rows; m++)
                for (int i = 0; i < inputs; i++)
                    _z.Pointer[m * _zRow + i] = (z[(at + m) * inputs + i] - _learner.MeanIn[i]) * _learner.ScaleIn[i];
            Forward(rows);
            for (int m = 0; m < rows; m++)
                for (int j = 0; j < outputs; j++)
                {
                    // a constant entry is its mean
                    float scale = _learner.ScaleOut[j], value = _space.Output[m * _space.OutputRow + j];
                    y[(at + m) * outputs + j] = scale > 0 ? _learner.MeanOut[j] + value / scale : _learner.MeanOut[j];
                }
        }
    }

    // without leaving out what is zero: rows that share that work round by each other
    private void Forward(int rows)
    {
        MlpShape shape = _learner.Shape;
        float* theta = _learner.Parameters.Pointer, input = _z.Pointer;
        int inputRow = _zRow;
        for (int l = 0; l < shape.Layers; l++)
        {
            int columns = MlpShape.Pad(shape.Hidden[l]);
            RowProduct<TLanes, TVector>.Multiply<ReluFinish<TLanes, TVector>>(rows, input, inputRow, 1, null, 0, shape.Inputs(l),
                l == 0 ? theta + shape.Weights(0) : _space.Transposed[l], columns, theta + shape.Biases(l), _space.Activation[l], columns, columns);
            input = _space.Activation[l];
            inputRow = columns;
        }
        RowOperations<TLanes, TVector>.Dot(rows, input, inputRow, theta + shape.Weights(shape.Layers), theta + shape.Biases(shape.Layers),
            shape.Output, _space.Output, _space.OutputRow);
    }

    public override void Dispose()
    {
        _space.Dispose();
        _z.Dispose();
    }
}
