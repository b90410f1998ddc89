using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>The prior of a block of time steps, in the rows of <see cref="FitBlock{TLanes, TVector}"/>: one for all steps, or one for each.</summary>
internal sealed unsafe class FitPrior<TLanes, TVector> : IDisposable
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    private const int Size = FitTile<TLanes, TVector>.Size;
    private static readonly int W = TLanes.Width;

    private readonly DynamicsShape _shape;
    private readonly int _inputs, _rows;
    private readonly HostBuffer _means;
    private HostBuffer? _common, _scatters;
    private (FitLearner? Learner, int Version) _prepared;
    private int _steps;

    public FitPrior(DynamicsShape shape, int inputs, int rows)
    {
        (_shape, _inputs, _rows) = (shape, inputs, rows);
        _means = new HostBuffer(2L * rows * W);
    }

    /// <summary>[rows] vectors, μ₀.</summary>
    public double* Mean => (double*)_means.Pointer;

    /// <param name="live">[rows]: above 0 for an entry that takes part.</param>
    public void Set(FitLearner learner, FitSteps steps, double* live)
    {
        _steps = learner.PriorMean is null ? 0 : learner.PriorSteps;
        if (_steps == 1 && _prepared != (learner, learner.Version)) SetCommon(learner, live);
        if (_steps > 1) SetSteps(learner, steps, live);
    }

    /// <summary>tile ← −Φ · weight.</summary>
    public void Start(double* tile, int i, int j, TVector weight)
    {
        TVector negative = TLanes.Negate(weight);
        for (int a = 0; a < Size; a++)
            for (int b = 0; b < Size; b++)
            {
                nint at = (nint)(i + a) * _rows + j + b;
                TVector phi = _steps switch
                {
                    0 => TLanes.All(0),
                    1 => TLanes.All(((double*)_common!.Pointer)[at]),
                    _ => TLanes.Load((double*)_scatters!.Pointer + at * W),
                };
                TLanes.Store(tile + (Size * a + b) * W, TLanes.Multiply(phi, negative));
            }
    }

    public void Dispose()
    {
        _means.Dispose();
        _common?.Dispose();
        _scatters?.Dispose();
    }

    // one for all steps: its lower triangle as numbers, which blocks of the same learner share
    private void SetCommon(FitLearner learner, double* live)
    {
        _common ??= new HostBuffer(2L * _rows * _rows);
        double* common = (double*)_common.Pointer;
        for (int i = 0; i < _shape.Sample; i++)
        {
            int row = Row(i);
            TLanes.Store(Mean + (nint)row * W, TLanes.All(learner.PriorMean[i]));
            for (int j = 0; j <= i; j++)
                common[(nint)row * _rows + Row(j)] = live[row] > 0 && live[Row(j)] > 0 ? learner.PriorScatter[(nint)i * _shape.Sample + j] : 0;
        }
        _prepared = (learner, learner.Version);
    }

    // one for each step: rows turned so that an element is a time step
    private void SetSteps(FitLearner learner, FitSteps steps, double* live)
    {
        _scatters ??= new HostBuffer(2L * _rows * _rows * W);
        _prepared = default;
        int size = _shape.Sample;
        steps.ReadSource(learner.PriorMean, size);
        Gather(steps, 0, size, Mean);
        steps.ReadSource(learner.PriorScatter, (nint)size * size);
        for (int i = 0; i < size; i++)
        {
            double* row = (double*)_scatters.Pointer + (nint)Row(i) * _rows * W;
            Gather(steps, i * size, i + 1, row);
            for (int j = 0; j <= i; j++)
                if (!(live[Row(i)] > 0 && live[Row(j)] > 0)) TLanes.Store(row + (nint)Row(j) * W, TLanes.All(0));
        }
    }

    private void Gather(FitSteps steps, int column, int count, double* to)
    {
        LaneTranspositions.GatherRow<TLanes, TVector>(steps.Lanes, column, Math.Min(count, _shape.Input), to, W);
        if (count > _shape.Input)
            LaneTranspositions.GatherRow<TLanes, TVector>(
                steps.Lanes, column + _shape.Input, count - _shape.Input, to + (nint)_inputs * W, W);
    }

    private int Row(int entry) => entry < _shape.Input ? entry : _inputs + entry - _shape.Input;
}
