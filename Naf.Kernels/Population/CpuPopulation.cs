using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// Learners on the CPU. Few learners get several threads each; many get one thread each, as threads become free.
/// Learner k's results are bitwise independent of the number of learners and of threads.
/// </summary>
internal sealed unsafe class CpuPopulation : LearnerPopulation
{
    // observations that are evaluated together
    private const int Block = 64;

    private readonly WorkTeam _team;
    private readonly WorkerGroup[] _groups;
    // one per learner, since learners may act at the same time
    private readonly MlpWorkspace[] _spaces, _triangleSpaces;
    private readonly HostBuffer[] _inputs;
    private readonly int _workersPerLearner, _inputRow;
    private readonly PolicyPlace _mean, _triangle;
    private readonly Action<int> _updateAsWorker;
    private int _imagined, _real, _nextLearner;

    public CpuPopulation(CpuDevice device, LearnerShape shape, float[] inputScale, Learner[] learners)
        : base(device, shape, inputScale, learners)
    {
        _team = device.Team;
        int workers = Math.Max(1, _team.Threads / learners.Length),
            groups = Math.Min(_team.Threads / workers, learners.Length);
        _groups = [.. Enumerable.Range(0, groups).Select(_ => shape.CreateWorkers(inputScale, Batch, workers))];
        ImmutableArray<MlpShape> networks = shape.Networks();
        (_mean, _triangle) = (Place(shape.Mean), Place(shape.Triangle));
        _spaces = Spaces(shape.Mean.Network);
        _triangleSpaces =
            shape.Triangle.Network == shape.Mean.Network ? _spaces : Spaces(shape.Triangle.Network);
        _inputRow = MlpShape.Pad(shape.State);
        _inputs = [.. learners.Select(_ => new HostBuffer(_inputRow))];
        _workersPerLearner = workers;
        _updateAsWorker = UpdateAsWorker;

        MlpWorkspace[] Spaces(int network) =>
            [.. learners.Select(_ => new MlpWorkspace(networks[network], 1, training: false))];

        PolicyPlace Place((int Network, int Output) at) =>
            new(shape.Place(at.Network).Parameters, shape.Place(at.Network).Statistics, at.Output);
    }

    private protected override void Mean(int first, int learners, ReadOnlySpan<float> x, Span<float> u)
    {
        int action = Shape.Action;
        for (int k = 0; k < learners; k++)
        {
            Observe(first + k, x.Slice(k * Shape.State, Shape.State));
            RowOperations.Tanh(Outputs(first + k, _spaces, _mean), u.Slice(k * action, action));
        }
    }

    private protected override void MeanAndLower(
        int first, int learners, ReadOnlySpan<float> x, Span<float> u, Span<float> lower)
    {
        (int action, int packed) = (Shape.Action, Shape.Packed);
        for (int k = 0; k < learners; k++)
        {
            Observe(first + k, x.Slice(k * Shape.State, Shape.State));
            float* mean = Outputs(first + k, _spaces, _mean), triangle = _triangleSpaces == _spaces
                ? mean - _mean.Output + _triangle.Output : Outputs(first + k, _triangleSpaces, _triangle);
            NafAdvantage.Act(
                mean, triangle, action, (float)AllLearners[first + k].Settings.LogDiagonalBound,
                u.Slice(k * action, action), lower.Slice(k * packed, packed));
        }
    }

    // scales an observation into a learner's input
    private void Observe(int learner, ReadOnlySpan<float> x)
    {
        float* input = _inputs[learner].Pointer;
        for (int i = 0; i < x.Length; i++) input[i] = x[i] * InputScale[i];
    }

    // one network's outputs for a learner's input, from a place on
    private float* Outputs(int learner, MlpWorkspace[] spaces, PolicyPlace at)
    {
        Learner l = AllLearners[learner];
        Mlp.Forward(
            spaces[learner], l.Parameters.Pointer + at.Parameters, l.Statistics.Pointer + at.Statistics,
            _inputs[learner].Pointer, _inputRow, 0, 1);
        return spaces[learner].Output + at.Output;
    }

    private protected override float[] Outputs(int learner, int network, float[] x, ReadOnlySpan<float> late)
    {
        Learner l = AllLearners[learner];
        MlpShape shape = l.Networks[network];
        (int parameters, int statistics) = Shape.Place(network);
        (int state, int samples) = (Shape.State, x.Length / Shape.State);
        float* theta = l.Parameters.Pointer + parameters;
        var outputs = new float[samples * shape.Output];
        using var block = new HostBuffer(Block * _inputRow);
        using var space = new MlpWorkspace(shape, Block, training: false);
        Mlp.TransposeWeights(space, theta, 0, 1);
        for (int first = 0; first < samples; first += Block)
        {
            int rows = Math.Min(Block, samples - first);
            for (int e = 0; e < rows * state; e++)
                block.Pointer[e / state * _inputRow + e % state] = x[first * state + e] * InputScale[e % state];
            late.Slice(first * shape.Late, rows * shape.Late).CopyTo(new Span<float>(space.Late, rows * shape.Late));
            // zeros are not skipped, so that a sample's results do not depend on its neighbours
            Mlp.Forward(
                space, theta, l.Statistics.Pointer + statistics, block.Pointer, _inputRow, 0, rows, marked: 0);
            for (int e = 0; e < rows * shape.Output; e++)
                outputs[first * shape.Output + e] =
                    space.Output[e / shape.Output * space.OutputRow + e % shape.Output];
        }
        return outputs;
    }

    public override void Update(int imagined, int real)
    {
        (_imagined, _real, _nextLearner) = (imagined, real, 0);
        if (_team.Threads == 1) UpdateAsWorker(0);
        else _team.Run(_updateAsWorker);
    }

    public override void Dispose()
    {
        foreach (WorkerGroup group in _groups) group.Dispose();
        foreach (MlpWorkspace space in _spaces) space.Dispose();
        if (_triangleSpaces != _spaces) foreach (MlpWorkspace space in _triangleSpaces) space.Dispose();
        foreach (HostBuffer input in _inputs) input.Dispose();
        base.Dispose();
    }

    private void UpdateAsWorker(int thread)
    {
        int group = thread / _workersPerLearner;
        if (group >= _groups.Length) return;
        if (_workersPerLearner > 1)
        {
            Update(AllLearners[group], _groups[group], thread % _workersPerLearner);
            return;
        }
        for (int i; (i = Interlocked.Increment(ref _nextLearner) - 1) < Learners;)
            Update(AllLearners[i], _groups[group], 0);
    }

    private void Update(Learner learner, WorkerGroup group, int worker)
    {
        if (!learner.Active) return;
        bool goesOn = learner.Imagined.Count < Batch || group.Update(learner, learner.Imagined, _imagined, worker);
        if (goesOn && learner.Replay.Count >= Batch) group.Update(learner, learner.Replay, _real, worker);
    }

    // where a network's parameters and statistics begin, and its first output for μ or L
    private readonly record struct PolicyPlace(int Parameters, int Statistics, int Output);
}
