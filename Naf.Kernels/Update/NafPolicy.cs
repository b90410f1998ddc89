using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;

namespace Naf.Kernels.Update;

/// <summary>μ(x) of one learner for one observation, with a workspace of its own.</summary>
internal sealed unsafe class NafPolicy : IDisposable
{
    // observations taken together
    private const int Block = 64;

    private readonly NafShape _shape;
    private readonly float[] _inputScale;
    private readonly Learner _learner;
    private readonly MlpWorkspace _space;
    private readonly HostBuffer _x;
    private readonly int _parameters, _statistics, _output;

    public NafPolicy(NafShape shape, float[] inputScale, Learner learner)
    {
        (_shape, _inputScale, _learner) = (shape, inputScale, learner);
        // μ is the second network, or stands after V in the trunk's outputs
        int network = shape.SharedTrunk ? 0 : 1;
        (_parameters, _statistics) = shape.SharedTrunk ? (0, 0) : (learner.Networks[0].Parameters, learner.Networks[0].Statistics);
        _output = shape.SharedTrunk ? 1 : 0;
        _space = new MlpWorkspace(learner.Networks[network], 1, training: false);
        _x = new HostBuffer(MlpShape.Pad(shape.State));
    }

    public void Act(ReadOnlySpan<float> x, Span<float> u)
    {
        if (x.Length != _shape.State || u.Length != _shape.Action)
            throw new ArgumentException($"x has {x.Length} entries and u {u.Length}, expected {_shape.State} and {_shape.Action}");
        for (int i = 0; i < x.Length; i++) _x.Pointer[i] = x[i] * _inputScale[i];
        Mlp.Forward(_space, _learner.Parameters.Pointer + _parameters,
            _shape.BatchNorm ? _learner.Statistics.Pointer + _statistics : null, _x.Pointer, (int)_x.Length, 0, 1);
        NafAdvantage.Act(_space.Output + _output, _shape.Action, u);
    }

    /// <summary>Outputs of all networks for many observations: V [n], m [n, action] and l [n, packed].</summary>
    public void Evaluate(ReadOnlySpan<float> x, Span<float> v, Span<float> mean, Span<float> triangle)
    {
        float* parameters = _learner.Parameters.Pointer, statistics = _learner.Statistics.Pointer;
        int row = (int)_x.Length, samples = x.Length / _shape.State, kind = 0;
        using var block = new HostBuffer(Block * row);
        foreach (MlpShape network in _learner.Networks)
        {
            using var space = new MlpWorkspace(network, Block, training: false);
            Mlp.TransposeWeights(space, parameters, 0, 1);
            for (int first = 0; first < samples; first += Block)
            {
                int rows = Math.Min(Block, samples - first);
                for (int e = 0; e < rows * _shape.State; e++)
                    block.Pointer[e / _shape.State * row + e % _shape.State] = x[first * _shape.State + e] * _inputScale[e % _shape.State];
                // none of the zeros is left out, so that no sample's numbers depend on those beside it
                float* h = Mlp.Hidden(space, parameters, _shape.BatchNorm ? statistics : null, block.Pointer, row, 0, rows, marked: 0);
                RowOperations.Dot(rows, h, MlpShape.Pad(network.Hidden[^1]), parameters + network.Weights(network.Layers),
                    parameters + network.Biases(network.Layers), network.Output, space.Output, space.OutputRow);
                for (int e = 0; e < rows * network.Output; e++)
                {
                    (int m, int output) = (first + e / network.Output, kind + e % network.Output);
                    float value = space.Output[e / network.Output * space.OutputRow + e % network.Output];
                    if (output == 0) v[m] = value;
                    else if (output <= _shape.Action) mean[m * _shape.Action + output - 1] = value;
                    else triangle[m * _shape.Packed + output - 1 - _shape.Action] = value;
                }
            }
            parameters += network.Parameters;
            statistics += network.Statistics;
            kind += network.Output;
        }
    }

    public void Dispose()
    {
        _space.Dispose();
        _x.Dispose();
    }
}
