using System.Runtime.Intrinsics;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;

namespace Naf.Kernels.Update;

/// <summary>
/// One or more threads, with their workspace, that update one learner at a time: sample a minibatch from the replay,
/// the algorithm's passes (<see cref="Passes"/>), loss = mean (Q(x, u) − y)², gradient, Adam, Polyak. Each worker takes
/// a share of the rows, then of the weights; every sum has a fixed order, so that the result does not depend on the
/// number of workers.
/// </summary>
internal abstract unsafe class WorkerGroup : IDisposable
{
    private readonly LearnerShape _shape;
    private readonly int _batch;
    private readonly SpinBarrier _barrier;
    private readonly MlpWorkspace[] _networks, _targets;
    private readonly int[] _offsets, _statistics;
    private readonly (int From, int To)[] _parts;
    private readonly HostBuffer _x, _next, _u, _samples, _gradient, _inputScale;
    private readonly double[][] _squares;

    protected WorkerGroup(LearnerShape shape, float[] inputScale, int batch, int workers)
    {
        // batch normalisation couples the rows
        Workers = shape.BatchNorm ? 1 : workers;
        (_shape, _batch) = (shape, batch);
        _barrier = new SpinBarrier(Workers);
        var networks = shape.Networks();
        _networks = new MlpWorkspace[networks.Length];
        for (int n = 0; n < networks.Length; n++)
            _networks[n] = new MlpWorkspace(networks[n], batch, training: true,
                lender: Workers == 1 && n > 0 ? _networks[0] : null);
        _targets = [.. Enumerable.Range(0, shape.Targets).Select(n =>
            Workers == 1 ? _networks[n] : new MlpWorkspace(networks[n], batch, training: false))];
        // a single worker takes one network after another, in the cache; several take all at once, for fewer barriers
        _parts = Workers == 1 ? [.. networks.Select((_, n) => (n, n + 1))] : [(0, networks.Length)];
        _offsets = [.. networks.Select((_, n) => shape.Place(n).Parameters)];
        _statistics = [.. networks.Select((_, n) => shape.Place(n).Statistics)];
        (StateRow, ActionRow) = (MlpShape.Pad(shape.State), MlpShape.Pad(shape.Action));
        _x = new HostBuffer(batch * StateRow);
        _next = new HostBuffer(batch * StateRow);
        _u = new HostBuffer(batch * ActionRow);
        _samples = new HostBuffer(5 * batch);
        _gradient = new HostBuffer(networks.Sum(n => n.Parameters));
        _inputScale = new HostBuffer(StateRow);
        inputScale.CopyTo(_inputScale.Span);
        _squares = [.. networks.Select(n => new double[RowOperations.Chunks(n.Parameters)])];
    }

    /// <summary>The networks; a single worker also computes the targets in their memory.</summary>
    protected MlpWorkspace[] Networks => _networks;

    /// <summary>x of the minibatch: [batch, StateRow].</summary>
    protected float* X => _x.Pointer;

    /// <summary>u of the minibatch: [batch, ActionRow].</summary>
    protected float* U => _u.Pointer;

    /// <summary>Entries of an observation, padded.</summary>
    protected int StateRow { get; }

    /// <summary>Entries of an action, padded.</summary>
    protected int ActionRow { get; }

    /// <summary>Samples of a minibatch.</summary>
    protected int Batch => _batch;

    /// <summary>[batch], targets y.</summary>
    protected float* Y => _samples.Pointer + 2 * _batch;

    /// <summary>[batch], to receive the TD errors Q − y.</summary>
    protected float* Errors => _samples.Pointer + 3 * _batch;

    /// <summary>[batch], to receive Q(x, u).</summary>
    protected float* Q => _samples.Pointer + 4 * _batch;

    private int Workers { get; }

    // [batch] each: reward r, and factor b of γ V′(x′)
    private float* Rewards => _samples.Pointer;
    private float* Bootstraps => _samples.Pointer + _batch;

    /// <summary>
    /// Makes <paramref name="count"/> updates of a learner from one of its buffers. Every thread of the group calls it,
    /// with its own worker index from 0. Returns false if the learner has stopped.
    /// </summary>
    public bool Update(Learner learner, ReplayBuffer buffer, int count, int worker)
    {
        if (worker >= Workers) return true;
        for (int k = 0; k < count; k++)
            if (!UpdateOnce(learner, buffer, worker))
                return false;
        return true;
    }

    public virtual void Dispose()
    {
        foreach (MlpWorkspace network in _networks.Union(_targets)) network.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_x, _next, _u, _samples, _gradient, _inputScale]) buffer.Dispose();
    }

    /// <summary>
    /// y, Q(x, u) and the TD errors of rows [first, last), and ∂loss/∂output of every network, after forward passes.
    /// </summary>
    protected abstract void Passes(Learner learner, int first, int last);

    /// <summary>Output of a network for x.</summary>
    protected MlpWorkspace Forward(Learner learner, int network, int first, int last)
    {
        Forward(_networks[network], learner.Parameters.Pointer + _offsets[network],
            learner.Statistics.Pointer + _statistics[network], _x.Pointer, first, last, trains: true);
        return _networks[network];
    }

    /// <summary>Output of a network's target for x′.</summary>
    protected MlpWorkspace ForwardTarget(Learner learner, int network, int first, int last)
    {
        Forward(_targets[network], learner.Target.Pointer + _offsets[network],
            learner.TargetStatistics.Pointer + _statistics[network], _next.Pointer, first, last, trains: false);
        return _targets[network];
    }

    /// <summary>The workspace of a network's target.</summary>
    protected MlpWorkspace TargetOf(int network) => _targets[network];

    /// <summary>A network's parameters.</summary>
    protected float* Parameters(Learner learner, int network) => learner.Parameters.Pointer + _offsets[network];

    /// <summary>
    /// y = r + γ b V′(x′) of rows [first, last), with V′ within its limits. Not finite if V′ is not, so that the
    /// learner stops.
    /// </summary>
    /// <param name="target">A pass at x′, whose first output is V′.</param>
    protected void SetTargets(Learner learner, MlpWorkspace target, int first, int last)
    {
        float rewardScale = (float)learner.Settings.RewardScale, gamma = (float)learner.Settings.Gamma;
        (float low, float high) = learner.TargetLimits;
        for (int m = first; m < last; m++)
        {
            float v = target.Output[(nint)m * target.OutputRow];
            if (float.IsFinite(v)) v = Math.Clamp(v, low, high);
            Y[m] = rewardScale * Rewards[m] + gamma * Bootstraps[m] * v;
        }
    }

    private bool UpdateOnce(Learner learner, ReplayBuffer buffer, int worker)
    {
        float clip = (float)learner.Settings.ClipNorm;
        long updates = learner.Updates;
        (int first, int last) = Mlp.Share(_batch, worker, Workers);

        if (Workers > 1)
        {
            for (int n = 0; n < _targets.Length; n++)
                Mlp.TransposeWeights(_targets[n], learner.Target.Pointer + _offsets[n], worker, Workers);
            for (int n = 0; n < _networks.Length; n++)
                Mlp.TransposeWeights(_networks[n], learner.Parameters.Pointer + _offsets[n], worker, Workers);
            _barrier.Wait();
        }

        // sample the minibatch; targets, Q(x, u) and the loss with its gradient at the networks' outputs
        Sample(learner, buffer, updates, first, last);
        Passes(learner, first, last);
        _barrier.Wait();
        (double loss, double q) = (0, 0);
        for (int m = 0; m < _batch; m++) (loss, q) = (loss + (double)Errors[m] * Errors[m], q + Q[m]);
        bool finite = double.IsFinite(loss);

        // gradient of all parameters, Adam, θ′ ← τ θ + (1 − τ) θ′; an update that is not finite is not applied
        double square = 0;
        foreach ((int From, int To) part in _parts)
        {
            if (!finite) break;
            square += Backward(learner, part, worker, first, last);
            finite = double.IsFinite(square);
            if (finite && clip <= 0) Apply(learner, part, updates + 1, scale: 1, worker);
        }
        double norm = Math.Sqrt(square);
        float scale = norm > clip ? (float)(clip / norm) : 1;
        if (finite && clip > 0) Apply(learner, (0, _networks.Length), updates + 1, scale, worker);
        if (worker == 0)
        {
            if (finite) learner.Record(loss / _batch, norm, q / _batch);
            else learner.Stop();
        }
        _barrier.Wait();
        return finite;
    }

    private void Forward(
        MlpWorkspace network, float* parameters, float* statistics, float* x, int first, int last, bool trains)
    {
        if (Workers == 1) Mlp.TransposeWeights(network, parameters, 0, 1);
        Mlp.Forward(network, parameters, statistics, x, StateRow, first, last, trains: trains);
    }

    /// <summary>The gradient of some of the networks; returns the sum of its squares.</summary>
    private double Backward(Learner learner, (int From, int To) part, int worker, int first, int last)
    {
        float* parameters = learner.Parameters.Pointer, gradient = _gradient.Pointer;
        for (int n = part.From; n < part.To; n++)
            Mlp.BackwardRows(_networks[n], parameters + _offsets[n], gradient + _offsets[n], first, last);
        _barrier.Wait();
        for (int n = part.From; n < part.To; n++)
            Mlp.BackwardWeights(_networks[n], _x.Pointer, StateRow, gradient + _offsets[n], worker, Workers);
        _barrier.Wait();
        for (int n = part.From; n < part.To; n++)
            RowOperations.SumsOfSquares(
                gradient + _offsets[n], _networks[n].Shape.Parameters, _squares[n], worker, Workers);
        _barrier.Wait();
        // network by network, as a single worker adds them
        double sum = 0;
        for (int n = part.From; n < part.To; n++)
        {
            double ofNetwork = 0;
            foreach (double s in _squares[n]) ofNetwork += s;
            sum += ofNetwork;
        }
        return sum;
    }

    // rows drawn with replacement, the same on every device
    private void Sample(Learner learner, ReplayBuffer buffer, long updates, int first, int last)
    {
        int state = _shape.State, action = _shape.Action;
        PhiloxBlock words = default;
        for (int m = first; m < last; m++)
        {
            if ((m & 3) == 0 || m == first)
                words = Philox.At(learner.Settings.Seed, RandomStream.Minibatch, (ulong)updates, (uint)m >> 2);
            float* row = buffer.Row(Philox.Index(words.Word(m & 3), buffer.Count)), next = row + state + action + 2;
            float* x = _x.Pointer + (nint)m * StateRow, x2 = _next.Pointer + (nint)m * StateRow,
                u = _u.Pointer + (nint)m * ActionRow;
            // values read beyond a row's state are finite, and their scale is 0
            for (int i = 0; i < StateRow; i += 16)
            {
                Vector512<float> scale = Vector512.Load(_inputScale.Pointer + i);
                (scale * Vector512.Load(row + i)).Store(x + i);
                (scale * Vector512.Load(next + i)).Store(x2 + i);
            }
            for (int i = 0; i < action; i++) u[i] = row[state + i];
            Rewards[m] = row[state + action];
            Bootstraps[m] = row[state + action + 1];
        }
    }

    /// <summary>Adam for a worker's share of some networks, and the Polyak average of their targets.</summary>
    private void Apply(Learner learner, (int From, int To) part, long step, float scale, int worker)
    {
        float tau = (float)learner.Settings.Tau;
        for (int n = part.From; n < part.To; n++)
        {
            (int from, int length) = RowOperations.ChunkShare(_networks[n].Shape.Parameters, worker, Workers);
            int at = _offsets[n] + from;
            Adam.Step(length, learner.Parameters.Pointer + at, _gradient.Pointer + at,
                learner.FirstMoment.Pointer + at, learner.SecondMoment.Pointer + at,
                _shape.Adam(n, learner.Settings), step, scale,
                target: n < _targets.Length ? learner.Target.Pointer + at : null, tau);
        }
        if (!_shape.BatchNorm) return;
        for (int n = part.From; n < part.To; n++)
        {
            float* statistics = learner.Statistics.Pointer + _statistics[n];
            BatchNorm.UpdateStatistics(_networks[n], statistics);
            if (n < _targets.Length)
                Adam.Polyak(
                    _networks[n].Shape.Statistics, learner.TargetStatistics.Pointer + _statistics[n], statistics, tau);
        }
    }
}
