using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Regression;

/// <summary>
/// Training on the CPU, with all threads working on one learner. An update draws a minibatch and computes the loss,
/// mean |g(z) − y|² / outputs in standardised units, its gradient and an Adam step. Each worker thread handles a share
/// of the rows, then of the weights; every sum has a fixed order, so that the result does not depend on the threads.
/// </summary>
internal sealed unsafe class CpuRegression : IRegressionTrainer
{
    private readonly WorkTeam _team;
    private readonly RegressionLearner[] _learners;
    private readonly MlpShape _shape;
    private readonly AdamSettings _adam;
    private readonly int _batch, _zRow;
    private readonly SpinBarrier _barrier;
    private readonly MlpWorkspace _space;
    private readonly HostBuffer _z, _y, _gradient;
    private readonly double[] _errors, _squares;
    private readonly Action<int> _work;
    private (RegressionLearner Learner, nint Rows, int Count, int Updates) _call;

    public CpuRegression(WorkTeam team, MlpShape shape, LearnerSettings settings, RegressionLearner[] learners)
    {
        (_team, _learners, _shape, _adam, _batch) = (team, learners, shape, settings.Adam, settings.BatchSize);
        (_barrier, _space) = (new SpinBarrier(team.Threads), new MlpWorkspace(shape, _batch, training: true));
        _zRow = MlpShape.Pad(shape.Input);
        (_z, _y) = (new HostBuffer((long)_batch * _zRow), new HostBuffer((long)_batch * _space.OutputRow));
        _gradient = new HostBuffer(shape.Parameters);
        (_errors, _squares) = (new double[_batch], new double[RowOperations.Chunks(shape.Parameters)]);
        _work = Work;
    }

    public void Train(int learner, float* rows, int count, int updates)
    {
        _call = (_learners[learner], (nint)rows, count, updates);
        _team.Run(_work);
    }

    public void Push(int learner) { }

    public void Dispose()
    {
        foreach (IDisposable memory in (IDisposable[])[_space, _z, _y, _gradient]) memory.Dispose();
    }

    private void Work(int worker)
    {
        bool finite = _call.Learner.Finite;
        for (int k = 0; k < _call.Updates && finite; k++) finite = UpdateOnce(worker);
    }

    private bool UpdateOnce(int worker)
    {
        (RegressionLearner learner, nint rows, int count, _) = _call;
        float* theta = learner.Parameters.Pointer, gradient = _gradient.Pointer;
        long step = learner.Updates + 1;
        (int first, int last) = Mlp.Share(_batch, worker, _team.Threads);

        // minibatch, g(z), and the loss with its gradient at the outputs
        Mlp.TransposeWeights(_space, theta, worker, _team.Threads);
        learner.Sample((float*)rows, count, 0, first, last, _z.Pointer, _zRow, _y.Pointer, _space.OutputRow);
        _barrier.Wait();
        Mlp.Forward(_space, theta, null, _z.Pointer, _zRow, first, last);
        for (int m = first; m < last; m++) _errors[m] = ErrorOf(m);
        _barrier.Wait();
        double loss = 0;
        foreach (double error in _errors) loss += error;
        loss /= (double)_batch * _shape.Output;
        bool finite = double.IsFinite(loss);

        // gradient of all parameters and Adam step; the parameters are not updated unless all is finite
        if (finite)
        {
            Mlp.BackwardRows(_space, theta, gradient, first, last);
            _barrier.Wait();
            Mlp.BackwardWeights(_space, _z.Pointer, _zRow, gradient, worker, _team.Threads);
            _barrier.Wait();
            RowOperations.SumsOfSquares(gradient, _shape.Parameters, _squares, worker, _team.Threads);
            _barrier.Wait();
            foreach (double square in _squares) finite &= double.IsFinite(square);
            (int at, int length) = RowOperations.ChunkShare(_shape.Parameters, worker, _team.Threads);
            if (finite)
                Adam.Step(
                    length, theta + at, gradient + at, learner.First.Pointer + at, learner.Second.Pointer + at, _adam,
                    step, gradientScale: 1);
        }
        if (worker == 0)
        {
            if (finite) learner.Record(loss);
            else learner.Finite = false;
        }
        _barrier.Wait();
        return finite;
    }

    // |g(z) − y|² of a sample; stores the gradient at the outputs for the backward pass
    private double ErrorOf(int m)
    {
        float* output = _space.Output + (nint)m * _space.OutputRow, y = _y.Pointer + (nint)m * _space.OutputRow;
        float* gradient = _space.OutputGradient + (nint)m * _space.OutputRow;
        float factor = 2f / ((float)_batch * _shape.Output);
        double sum = 0;
        for (int j = 0; j < _shape.Output; j++)
        {
            float error = output[j] - y[j];
            gradient[j] = factor * error;
            sum += (double)error * error;
        }
        return sum;
    }
}
