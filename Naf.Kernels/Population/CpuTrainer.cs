using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// Updates on the CPU. Few learners: several threads to each; many: one thread to each, taken as it comes free. Learner k's numbers depend
/// neither on how many others there are, nor on the threads, bitwise.
/// </summary>
internal sealed unsafe class CpuTrainer : IDisposable
{
    // observations that are evaluated together
    private const int Block = 64;

    private readonly WorkTeam _team;
    private readonly Learner[] _learners;
    private readonly NafWorkerGroup[] _groups;
    // of each learner, since they may act at the same time
    private readonly MlpWorkspace[] _spaces;
    private readonly HostBuffer[] _inputs;
    private readonly NafShape _shape;
    private readonly float[] _inputScale;
    private readonly int _batch, _workersPerLearner, _inputRow, _parameters, _statistics, _output;
    private readonly Action<int> _updateAsWorker;
    private int _imagined, _real, _nextLearner;

    public CpuTrainer(CpuDevice device, NafShape shape, float[] inputScale, int batch, Learner[] learners)
    {
        (_team, _learners, _shape, _inputScale, _batch) = (device.Team, learners, shape, inputScale, batch);
        int workers = Math.Max(1, _team.Threads / learners.Length), groups = Math.Min(_team.Threads / workers, learners.Length);
        _groups = [.. Enumerable.Range(0, groups).Select(_ => new NafWorkerGroup(shape, inputScale, batch, workers))];
        // μ is the second network, or stands after V in the trunk's outputs
        ImmutableArray<MlpShape> networks = shape.Networks();
        (int network, _output) = shape.SharedTrunk ? (0, 1) : (1, 0);
        (_parameters, _statistics) = (network * networks[0].Parameters, network * networks[0].Statistics);
        _spaces = [.. learners.Select(_ => new MlpWorkspace(networks[network], 1, training: false))];
        _inputRow = MlpShape.Pad(shape.State);
        _inputs = [.. learners.Select(_ => new HostBuffer(_inputRow))];
        _workersPerLearner = workers;
        _updateAsWorker = UpdateAsWorker;
    }

    /// <summary>u = μ(x) of one learner.</summary>
    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u)
    {
        Learner l = _learners[learner];
        float* input = _inputs[learner].Pointer, statistics = null;
        if (_shape.BatchNorm) statistics = l.Statistics.Pointer + _statistics;
        for (int i = 0; i < x.Length; i++) input[i] = x[i] * _inputScale[i];
        Mlp.Forward(_spaces[learner], l.Parameters.Pointer + _parameters, statistics, input, _inputRow, 0, 1);
        NafAdvantage.Act(_spaces[learner].Output + _output, _shape.Action, u);
    }

    /// <summary>V, μ, L, A and Q of many samples (<see cref="NafPopulation.Evaluate"/>).</summary>
    public void Evaluate(
        int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, AdvantageEvaluation evaluation, in LearnerValues to)
    {
        int samples = evaluation.Samples, kind = 0;
        (int state, int action, int packed) = (_shape.State, _shape.Action, _shape.Packed);
        var (mean, triangle) = (new float[samples * action], new float[samples * packed]);
        float* parameters = _learners[learner].Parameters.Pointer, statistics = _learners[learner].Statistics.Pointer;
        using var block = new HostBuffer(Block * _inputRow);
        foreach (MlpShape network in _learners[learner].Networks)
        {
            using var space = new MlpWorkspace(network, Block, training: false);
            Mlp.TransposeWeights(space, parameters, 0, 1);
            for (int first = 0; first < samples; first += Block)
            {
                int rows = Math.Min(Block, samples - first);
                for (int e = 0; e < rows * state; e++)
                    block.Pointer[e / state * _inputRow + e % state] = x[first * state + e] * _inputScale[e % state];
                // none of the zeros is left out, so that no sample's numbers depend on those beside it
                Mlp.Forward(space, parameters, _shape.BatchNorm ? statistics : null, block.Pointer, _inputRow, 0, rows,
                    marked: 0);
                for (int e = 0; e < rows * network.Output; e++)
                {
                    (int m, int output) = (first + e / network.Output, kind + e % network.Output);
                    float value = space.Output[e / network.Output * space.OutputRow + e % network.Output];
                    if (output == 0) to.V[m] = value;
                    else if (output <= action) mean[m * action + output - 1] = value;
                    else triangle[m * packed + output - 1 - action] = value;
                }
            }
            parameters += network.Parameters;
            statistics += network.Statistics;
            kind += network.Output;
        }
        evaluation.Evaluate(to.V, mean, triangle, u, to.Mu, to.Lower, to.Advantage, to.Q);
    }

    /// <summary>Updates from R_f, then from R, of every active learner whose buffer holds a minibatch.</summary>
    public void Update(int imagined, int real)
    {
        (_imagined, _real, _nextLearner) = (imagined, real, 0);
        if (_team.Threads == 1) UpdateAsWorker(0);
        else _team.Run(_updateAsWorker);
    }

    public void Dispose()
    {
        foreach (NafWorkerGroup group in _groups) group.Dispose();
        foreach (MlpWorkspace space in _spaces) space.Dispose();
        foreach (HostBuffer input in _inputs) input.Dispose();
    }

    private void UpdateAsWorker(int thread)
    {
        int group = thread / _workersPerLearner;
        if (group >= _groups.Length) return;
        if (_workersPerLearner > 1)
        {
            Update(_learners[group], _groups[group], thread % _workersPerLearner);
            return;
        }
        for (int i = Interlocked.Increment(ref _nextLearner) - 1; i < _learners.Length; i = Interlocked.Increment(ref _nextLearner) - 1)
            Update(_learners[i], _groups[group], 0);
    }

    private void Update(Learner learner, NafWorkerGroup group, int worker)
    {
        if (!learner.Active) return;
        bool goesOn = learner.Imagined.Count < _batch || group.Update(learner, learner.Imagined, _imagined, worker);
        if (goesOn && learner.Replay.Count >= _batch) group.Update(learner, learner.Replay, _real, worker);
    }
}
