using Naf.Gpu.Cpu;
using Naf.Kernels.Network;

namespace Naf.Kernels.Regression;

/// <summary>On the processor: all of its threads share a learner's updates.</summary>
internal sealed unsafe class CpuRegression : IRegressionTrainer
{
    private readonly WorkTeam _team;
    private readonly RegressionLearner[] _learners;
    private readonly RegressionWorkerGroup _crew;
    private readonly Action<int> _work;
    private (RegressionLearner Learner, nint Rows, int Count, int Updates) _call;

    public CpuRegression(WorkTeam team, MlpShape shape, RegressionSettings settings, RegressionLearner[] learners)
    {
        (_team, _learners, _crew) = (team, learners, new RegressionWorkerGroup(shape, settings, team.Threads));
        _work = worker => _crew.Train(_call.Learner, (float*)_call.Rows, _call.Count, _call.Updates, worker);
    }

    public void Train(int learner, float* rows, int count, int updates)
    {
        _call = (_learners[learner], (nint)rows, count, updates);
        _team.Run(_work);
    }

    public void Push(int learner) { }

    public void Dispose() => _crew.Dispose();
}
