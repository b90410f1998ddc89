using System.Runtime.Intrinsics;
using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;

namespace Naf.Kernels.Update;

/// <summary>
/// One or more threads, with their workspace, that make the updates of one learner at a time. The update of Algorithm 1: sample a minibatch from
/// the replay, y = r + γ V′(x′), loss = mean (Q(x, u) − y)², gradient, Adam, Polyak.
/// Each worker takes a share of the rows, then of the weights; every sum has a fixed order, so that the result does not depend on the workers.
/// </summary>
internal sealed unsafe class NafWorkerGroup : IDisposable
{
    // floats of the gradient whose squares are summed together, and that one worker takes at a time
    private const int Chunk = 4096;

    private readonly NafShape _shape;
    private readonly int _batch, _stateRow, _actionRow;
    private readonly SpinBarrier _barrier;
    private readonly MlpWorkspace[] _networks;
    private readonly MlpWorkspace _target;
    private readonly int[] _offsets, _statistics;
    private readonly Range[] _parts;
    private readonly HostBuffer _x, _next, _u, _samples, _gradient, _inputScale;
    private readonly double[][] _squares;

    public NafWorkerGroup(NafShape shape, float[] inputScale, int batch, int workers)
    {
        // normalisation couples the rows of a batch
        Workers = shape.BatchNorm ? 1 : workers;
        (_shape, _batch) = (shape, batch);
        _barrier = new SpinBarrier(Workers);
        var networks = shape.Networks();
        _networks = new MlpWorkspace[networks.Length];
        for (int n = 0; n < networks.Length; n++)
            _networks[n] = new MlpWorkspace(networks[n], batch, training: true, lender: Workers == 1 && n > 0 ? _networks[0] : null);
        _target = Workers == 1 ? _networks[0] : new MlpWorkspace(networks[0], batch, training: false);
        // alone, a worker takes one network after the other, in the cache; several take all at once, to meet less often
        _parts = Workers == 1 ? [.. Enumerable.Range(0, networks.Length).Select(n => n..(n + 1))] : [Range.All];
        _offsets = [.. networks.Select((_, n) => networks.Take(n).Sum(before => before.Parameters))];
        _statistics = [.. networks.Select((_, n) => networks.Take(n).Sum(before => before.Statistics))];
        (_stateRow, _actionRow) = (MlpShape.Pad(shape.State), MlpShape.Pad(shape.Action));
        _x = new HostBuffer(batch * _stateRow);
        _next = new HostBuffer(batch * _stateRow);
        _u = new HostBuffer(batch * _actionRow);
        _samples = new HostBuffer(5 * batch);
        _gradient = new HostBuffer(networks.Sum(n => n.Parameters));
        _inputScale = new HostBuffer(_stateRow);
        inputScale.CopyTo(_inputScale.Span);
        _squares = [.. networks.Select(n => new double[(n.Parameters + Chunk - 1) / Chunk])];
    }

    private int Workers { get; }

    // [batch] each: reward, bootstrap flag, target y, TD error, Q
    private float* Rewards => _samples.Pointer;
    private float* Flags => _samples.Pointer + _batch;
    private float* Targets => _samples.Pointer + 2 * _batch;
    private float* Errors => _samples.Pointer + 3 * _batch;
    private float* Q => _samples.Pointer + 4 * _batch;

    /// <summary>
    /// Makes <paramref name="count"/> updates of a learner from one of its buffers. Every thread of the group calls it, each as another worker
    /// from 0. False: the learner has stopped.
    /// </summary>
    public bool Update(Learner learner, ReplayBuffer buffer, int count, int worker)
    {
        if (worker >= Workers) return true;
        for (int k = 0; k < count; k++)
            if (!UpdateOnce(learner, buffer, worker))
                return false;
        return true;
    }

    public void Dispose()
    {
        foreach (MlpWorkspace network in _networks) network.Dispose();
        _target.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_x, _next, _u, _samples, _gradient, _inputScale]) buffer.Dispose();
    }

    private bool UpdateOnce(Learner learner, ReplayBuffer buffer, int worker)
    {
        LearnerSettings settings = learner.Settings;
        long updates = learner.Updates;
        (int first, int last) = Mlp.Share(_batch, worker, Workers);

        if (Workers > 1)
        {
            Mlp.TransposeWeights(_target, learner.Target.Pointer, worker, Workers);
            for (int n = 0; n < _networks.Length; n++)
                Mlp.TransposeWeights(_networks[n], learner.Parameters.Pointer + _offsets[n], worker, Workers);
            _barrier.Wait();
        }

        // sample the minibatch, y = r + γ V′(x′)
        Sample(learner, buffer, updates, first, last);
        Forward(_target, learner.Target.Pointer, _shape.BatchNorm ? learner.TargetStatistics.Pointer : null, _next.Pointer, first, last);
        for (int m = first; m < last; m++)
            Targets[m] = settings.RewardScale * Rewards[m] + settings.Gamma * Flags[m] * _target.Output[(nint)m * _target.OutputRow];

        // Q(x, u) and the loss with its gradient at the networks' outputs
        for (int n = 0; n < _networks.Length; n++)
            Forward(_networks[n], learner.Parameters.Pointer + _offsets[n], null, _x.Pointer, first, last);
        NafAdvantage.Gradient(
            _networks, _shape.Action, settings.LogDiagonalBound, _u.Pointer, _actionRow, Targets, Errors, Q,
            2f / _batch, first, last);
        _barrier.Wait();
        (double loss, double q) = (0, 0);
        for (int m = 0; m < _batch; m++) (loss, q) = (loss + (double)Errors[m] * Errors[m], q + Q[m]);
        bool finite = double.IsFinite(loss);

        // gradient of all parameters, Adam, θ′ ← τ θ + (1 − τ) θ′; nothing that is not finite reaches the parameters
        double square = 0;
        bool clip = settings.ClipNorm > 0;
        foreach (Range part in _parts)
        {
            if (!finite) break;
            square += Backward(learner, part, worker, first, last);
            finite = double.IsFinite(square);
            if (finite && !clip) Apply(learner, part, updates + 1, scale: 1, worker);
        }
        double norm = Math.Sqrt(square);
        if (finite && clip) Apply(learner, .., updates + 1, norm > settings.ClipNorm ? (float)(settings.ClipNorm / norm) : 1, worker);
        if (worker == 0)
        {
            if (finite) learner.Record(loss / _batch, norm, q / _batch);
            else learner.Stop();
        }
        _barrier.Wait();
        return finite;
    }

    private void Forward(MlpWorkspace network, float* parameters, float* statistics, float* x, int first, int last)
    {
        if (Workers == 1) Mlp.TransposeWeights(network, parameters, 0, 1);
        Mlp.Forward(network, parameters, statistics, x, _stateRow, first, last);
    }

    /// <summary>The gradient of some of the networks; returns the sum of its squares.</summary>
    private double Backward(Learner learner, Range part, int worker, int first, int last)
    {
        (int from, int count) = part.GetOffsetAndLength(_networks.Length);
        float* parameters = learner.Parameters.Pointer, gradient = _gradient.Pointer;
        for (int n = from; n < from + count; n++)
            Mlp.BackwardRows(_networks[n], parameters + _offsets[n], gradient + _offsets[n], first, last);
        _barrier.Wait();
        for (int n = from; n < from + count; n++)
            Mlp.BackwardWeights(_networks[n], _x.Pointer, _stateRow, gradient + _offsets[n], worker, Workers);
        _barrier.Wait();
        for (int n = from; n < from + count; n++)
        {
            double[] squares = _squares[n];
            int size = _networks[n].Shape.Parameters, end = squares.Length * (worker + 1) / Workers;
            for (int c = squares.Length * worker / Workers; c < end; c++)
                squares[c] = RowOperations.SumOfSquares(gradient + _offsets[n] + c * Chunk, Math.Min(Chunk, size - c * Chunk));
        }
        _barrier.Wait();
        double sum = 0;
        for (int n = from; n < from + count; n++)
            foreach (double s in _squares[n]) sum += s;
        return sum;
    }

    // rows drawn with replacement; the same numbers whatever the device
    private void Sample(Learner learner, ReplayBuffer buffer, long updates, int first, int last)
    {
        int state = _shape.State, action = _shape.Action;
        PhiloxBlock words = default;
        for (int m = first; m < last; m++)
        {
            if ((m & 3) == 0 || m == first)
                words = Philox.At(learner.Settings.Seed, RandomStream.Minibatch, (ulong)updates, (uint)m >> 2);
            float* row = buffer.Row(Philox.Index(words.Word(m & 3), buffer.Count)), next = row + state + action + 2;
            float* x = _x.Pointer + (nint)m * _stateRow, x2 = _next.Pointer + (nint)m * _stateRow, u = _u.Pointer + (nint)m * _actionRow;
            // what is read beyond a row's state is finite, and its scale is 0
            for (int i = 0; i < _stateRow; i += 16)
            {
                Vector512<float> scale = Vector512.Load(_inputScale.Pointer + i);
                (scale * Vector512.Load(row + i)).Store(x + i);
                (scale * Vector512.Load(next + i)).Store(x2 + i);
            }
            for (int i = 0; i < action; i++) u[i] = row[state + i];
            Rewards[m] = row[state + action];
            Flags[m] = row[state + action + 1];
        }
    }

    /// <summary>Adam for some of the networks, a worker's share of each; for the first network the Polyak average of its target too.</summary>
    private void Apply(Learner learner, Range part, long step, float scale, int worker)
    {
        LearnerSettings settings = learner.Settings;
        (int firstNetwork, int count) = part.GetOffsetAndLength(_networks.Length);
        for (int n = firstNetwork; n < firstNetwork + count; n++)
        {
            int chunks = _squares[n].Length, from = chunks * worker / Workers * Chunk;
            int length = Math.Min(_networks[n].Shape.Parameters, chunks * (worker + 1) / Workers * Chunk) - from, at = _offsets[n] + from;
            if (length <= 0) continue;
            Adam.Step(length, learner.Parameters.Pointer + at, _gradient.Pointer + at,
                learner.FirstMoment.Pointer + at, learner.SecondMoment.Pointer + at, settings.Adam, step, scale,
                target: n == 0 ? learner.Target.Pointer + at : null, settings.Tau);
        }
        if (!_shape.BatchNorm) return;
        for (int n = firstNetwork; n < firstNetwork + count; n++)
            BatchNorm.UpdateStatistics(_networks[n], learner.Statistics.Pointer + _statistics[n]);
        if (firstNetwork == 0)
            Adam.Polyak(_networks[0].Shape.Statistics, learner.TargetStatistics.Pointer, learner.Statistics.Pointer,
                settings.Tau);
    }
}
