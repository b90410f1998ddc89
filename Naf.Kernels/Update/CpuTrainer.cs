using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Updates on the CPU. Few learners: several threads to each; many: one thread to each, taken as it comes free. Learner k's numbers depend
/// neither on how many others there are, nor on the threads, bitwise.
/// </summary>
internal sealed class CpuTrainer : INafTrainer
{
    private readonly WorkTeam _team;
    private readonly Learner[] _learners;
    private readonly NafCrew[] _crews;
    private readonly NafPolicy[] _policies;
    private readonly NafShape _shape;
    private readonly int _batch, _membersPerLearner;
    private readonly Action<int> _updateAsMember;
    private int _imagined, _real, _nextLearner;

    public CpuTrainer(CpuDevice device, NafShape shape, float[] inputScale, int batch, Learner[] learners)
    {
        (_team, _learners, _shape, _batch) = (device.Team, learners, shape, batch);
        int members = Math.Max(1, _team.Threads / learners.Length), crews = Math.Min(_team.Threads / members, learners.Length);
        _crews = [.. Enumerable.Range(0, crews).Select(_ => new NafCrew(shape, inputScale, batch, members))];
        _policies = [.. learners.Select(l => new NafPolicy(shape, inputScale, l))];
        _membersPerLearner = members;
        _updateAsMember = UpdateAsMember;
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
        if (_team.Threads == 1) UpdateAsMember(0);
        else _team.Run(_updateAsMember);
    }

    public void Collect() { }

    public void Fetch() { }

    public void Push() { }

    public void Dispose()
    {
        foreach (NafCrew crew in _crews) crew.Dispose();
        foreach (NafPolicy policy in _policies) policy.Dispose();
    }

    private void UpdateAsMember(int thread)
    {
        int crew = thread / _membersPerLearner;
        if (crew >= _crews.Length) return;
        if (_membersPerLearner > 1)
        {
            Update(_learners[crew], _crews[crew], thread % _membersPerLearner);
            return;
        }
        for (int i = Interlocked.Increment(ref _nextLearner) - 1; i < _learners.Length; i = Interlocked.Increment(ref _nextLearner) - 1)
            Update(_learners[i], _crews[crew], 0);
    }

    private void Update(Learner learner, NafCrew crew, int member)
    {
        if (!learner.Active) return;
        bool goesOn = learner.Imagined.Count < _batch || crew.Update(learner, learner.Imagined, _imagined, member);
        if (goesOn && learner.Replay.Count >= _batch) crew.Update(learner, learner.Replay, _real, member);
    }
}
