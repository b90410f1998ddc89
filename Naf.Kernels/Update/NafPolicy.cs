using System.Runtime.Intrinsics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>μ(x) of one learner for one observation, with a workspace of its own.</summary>
internal abstract class NafPolicy : IDisposable
{
    /// <param name="width">Floats of a register (16, 8 or 4), or 0 for the widest that the processor has.</param>
    public static NafPolicy Create(NafShape shape, float[] inputScale, Learner learner, int width = 0)
    {
        return (width == 0 ? CpuDevice.RegisterFloats : width) switch
        {
            16 => new NafPolicy<Lanes512, Vector512<float>>(shape, inputScale, learner),
            8 => new NafPolicy<Lanes256, Vector256<float>>(shape, inputScale, learner),
            _ => new NafPolicy<Lanes128, Vector128<float>>(shape, inputScale, learner),
        };
    }

    public abstract void Act(ReadOnlySpan<float> x, Span<float> u);

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class NafPolicy<TLanes, TVector> : NafPolicy
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
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

    public override void Act(ReadOnlySpan<float> x, Span<float> u)
    {
        if (x.Length != _shape.State || u.Length != _shape.Action)
            throw new ArgumentException($"x has {x.Length} entries and u {u.Length}, expected {_shape.State} and {_shape.Action}");
        for (int i = 0; i < x.Length; i++) _x.Pointer[i] = x[i] * _inputScale[i];
        Mlp<TLanes, TVector>.Forward(_space, _learner.Parameters.Pointer + _parameters,
            _shape.BatchNorm ? _learner.Statistics.Pointer + _statistics : null, _x.Pointer, (int)_x.Length, 0, 1);
        NafAdvantage<TLanes, TVector>.Act(_space.Output + _output, _shape.Action, u);
    }

    public override void Dispose()
    {
        _space.Dispose();
        _x.Dispose();
    }
}
