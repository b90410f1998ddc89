using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// Updates on the CPU. Few learners: several threads to each; many: one thread to each, taken as it comes free. Learner k's numbers depend
/// neither on how many others there are, nor on the threads, bitwise.
/// </summary>
internal sealed class CpuTrainer : INafTrainer
{
    private readonly WorkTeam _team;
    private readonly Learner[] _learners;
    private readonly NafWorkerGroup[] _groups;
    private readonly NafPolicy[] _policies;
    private readonly NafShape _shape;
    private readonly int _batch, _workersPerLearner;
    private readonly Action<int> _updateAsWorker;
    private int _imagined, _real, _nextLearner;

    public CpuTrainer(CpuDevice device, NafShape shape, float[] inputScale, int batch, Learner[] learners)
    {
        (_team, _learners, _shape, _batch) = (device.Team, learners, shape, batch);
        int workers = Math.Max(1, _team.Threads / learners.Length), groups = Math.Min(_team.Threads / workers, learners.Length);
        _groups = [.. Enumerable.Range(0, groups).Select(_ => new NafWorkerGroup(shape, inputScale, batch, workers))];
        _policies = [.. learners.Select(l => new NafPolicy(shape, inputScale, l))];
        _workersPerLearner = workers;
        _updateAsWorker = UpdateAsWorker;
    }

    public string Plan => "";

    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u) => _policies[learner].Act(x, u);

    public void ActAll(ReadOnlySpan<float> x, Span<float> u)
    {
        for (int k = 0; k < _learners.Length; k++)
            Act(k, x.Slice(k * _shape.State, _shape.State), u.Slice(k * _shape.Action, _shape.Action));
    }

    public void Evaluate(
        int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, AdvantageEvaluation evaluation, Span<float> v, Span<float> mu, Span<float> lower,
        Span<float> advantage, Span<float> q)
    {
        int n = evaluation.Samples;
        var (mean, triangle) = (new float[n * _shape.Action], new float[n * _shape.Packed]);
        _policies[learner].Evaluate(x, v, mean, triangle);
        evaluation.Evaluate(v, mean, triangle, u, mu, lower, advantage, q);
    }

    public void Stored(int learner) { }

    public void StoredImagined(int learner) { }

    public void ClearedImagined(int learner) { }

    public void Update(int imagined, int real)
    {
        (_imagined, _real, _nextLearner) = (imagined, real, 0);
        if (_team.Threads == 1) UpdateAsWorker(0);
        else _team.Run(_updateAsWorker);
    }

    public void Collect() { }

    public void Fetch() { }

    public void Push() { }

    public void Dispose()
    {
        foreach (NafWorkerGroup group in _groups) group.Dispose();
        foreach (NafPolicy policy in _policies) policy.Dispose();
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
