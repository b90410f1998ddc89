using System.Runtime.Intrinsics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>One or more threads, with their workspace, that make the updates of one learner at a time.</summary>
internal interface INafCrew : IDisposable
{
    /// <summary>Threads that share an update; all of them call <see cref="Update"/>.</summary>
    int Members { get; }

    /// <summary>Makes <paramref name="count"/> updates of a learner, as member 0 to Members − 1.</summary>
    void Update(Learner learner, int count, int member);
}

/// <summary>Chooses the register width that this processor has.</summary>
internal static class NafCrew
{
    /// <param name="width">Floats of a register (16, 8 or 4), or 0 for the widest that the processor has.</param>
    public static INafCrew Create(NafShape shape, float[] inputScale, int batch, int members, int width = 0)
    {
        if (width == 0) width = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;
        return width switch
        {
            16 => new NafCrew<Lanes512, Vector512<float>>(shape, inputScale, batch, members),
            8 => new NafCrew<Lanes256, Vector256<float>>(shape, inputScale, batch, members),
            _ => new NafCrew<Lanes128, Vector128<float>>(shape, inputScale, batch, members),
        };
    }
}

/// <summary>
/// The update of Algorithm 1: sample a minibatch from the replay, y = r + γ V′(x′), loss = mean (Q(x, u) − y)², gradient, Adam, Polyak.
/// Each member takes a share of the rows, then of the weights; every sum has a fixed order, so that the result does not depend on the members.
/// </summary>
internal sealed unsafe class NafCrew<TLanes, TVector> : INafCrew
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // floats of the gradient whose squares are summed together, and that one member takes at a time
    private const int Chunk = 4096;

    private readonly NafShape _shape;
    private readonly int _batch, _stateRow, _actionRow, _parameters;
    private readonly SpinBarrier _barrier;
    private readonly MlpWorkspace[] _networks;
    private readonly MlpWorkspace _target;
    private readonly HostBuffer _x, _next, _u, _samples, _gradient, _diagonal, _inputScale;
    private readonly double[] _squares;

    public NafCrew(NafShape shape, float[] inputScale, int batch, int members)
    {
        // normalisation couples the rows of a batch
        Members = shape.BatchNorm ? 1 : members;
        (_shape, _batch) = (shape, batch);
        _barrier = new SpinBarrier(Members);
        var networks = shape.Networks();
        _networks = [.. networks.Select(n => new MlpWorkspace(n, batch, training: true))];
        _target = new MlpWorkspace(networks[0], batch, training: false);
        (_stateRow, _actionRow, _parameters) = (MlpShape.Pad(shape.State), MlpShape.Pad(shape.Action), networks.Sum(n => n.Parameters));
        _x = new HostBuffer(batch * _stateRow);
        _next = new HostBuffer(batch * _stateRow);
        _u = new HostBuffer(batch * _actionRow);
        _samples = new HostBuffer(5 * batch);
        _gradient = new HostBuffer(_parameters);
        _inputScale = new HostBuffer(_stateRow);
        inputScale.CopyTo(_inputScale.Span);
        _diagonal = new HostBuffer(MlpShape.Pad(shape.Packed));
        for (int i = 0; i < shape.Packed; i++) _diagonal.Span[i] = NafShape.OnDiagonal(i) ? 1 : 0;
        _squares = new double[(_parameters + Chunk - 1) / Chunk];
    }

    public int Members { get; }

    // [batch] each: reward, bootstrap flag, target y, TD error, Q
    private float* Rewards => _samples.Pointer;
    private float* Flags => _samples.Pointer + _batch;
    private float* Targets => _samples.Pointer + 2 * _batch;
    private float* Errors => _samples.Pointer + 3 * _batch;
    private float* Q => _samples.Pointer + 4 * _batch;

    public void Update(Learner learner, int count, int member)
    {
        if (member >= Members) return;
        for (int k = 0; k < count; k++)
            if (!UpdateOnce(learner, member))
                return;
    }

    public void Dispose()
    {
        foreach (MlpWorkspace network in _networks) network.Dispose();
        _target.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_x, _next, _u, _samples, _gradient, _diagonal, _inputScale]) buffer.Dispose();
    }

    private bool UpdateOnce(Learner learner, int member)
    {
        LearnerSettings settings = learner.Settings;
        long updates = learner.Updates;
        float* parameters = learner.Parameters.Pointer, gradient = _gradient.Pointer;
        (int first, int last) = Mlp<TLanes, TVector>.Share(_batch, member, Members);

        // sample the minibatch, y = r + γ V′(x′)
        Sample(learner, updates, first, last);
        Mlp<TLanes, TVector>.Forward(_target, learner.Target.Pointer, _shape.BatchNorm ? learner.TargetStatistics.Pointer : null,
            _next.Pointer, _stateRow, first, last);
        for (int m = first; m < last; m++)
            Targets[m] = settings.RewardScale * Rewards[m] + settings.Gamma * Flags[m] * _target.Output[(nint)m * _target.OutputRow];

        // Q(x, u) and the loss with its gradient at the networks' outputs
        int at = 0;
        foreach (MlpWorkspace network in _networks)
        {
            Mlp<TLanes, TVector>.TransposeWeights(network, parameters + at, member, Members);
            Mlp<TLanes, TVector>.Forward(network, parameters + at, null, _x.Pointer, _stateRow, first, last);
            at += network.Shape.Parameters;
        }
        NafAdvantage<TLanes, TVector>.Gradient(Heads(), _shape.Action, settings.LogDiagonalBound, _diagonal.Pointer, _u.Pointer, _actionRow,
            Targets, Errors, Q, 2f / _batch, first, last);
        _barrier.Meet();

        // gradient of all parameters
        at = 0;
        foreach (MlpWorkspace network in _networks)
        {
            Mlp<TLanes, TVector>.BackwardRows(network, parameters + at, gradient + at, first, last);
            at += network.Shape.Parameters;
        }
        _barrier.Meet();
        at = 0;
        foreach (MlpWorkspace network in _networks)
        {
            Mlp<TLanes, TVector>.BackwardWeights(network, _x.Pointer, _stateRow, gradient + at, member, Members);
            at += network.Shape.Parameters;
        }
        _barrier.Meet();

        // nothing that is not finite reaches the parameters
        (int from, int to) = (_squares.Length * member / Members, _squares.Length * (member + 1) / Members);
        for (int c = from; c < to; c++)
            _squares[c] = RowOperations<TLanes, TVector>.SumOfSquares(gradient + c * Chunk, Math.Min(Chunk, _parameters - c * Chunk));
        _barrier.Meet();
        (double loss, double q, double square) = (0, 0, 0);
        for (int m = 0; m < _batch; m++) (loss, q) = (loss + (double)Errors[m] * Errors[m], q + Q[m]);
        foreach (double s in _squares) square += s;
        double norm = Math.Sqrt(square);
        bool finite = double.IsFinite(loss) && double.IsFinite(norm);

        // Adam, then θ′ ← τ θ + (1 − τ) θ′
        if (finite) Apply(learner, updates + 1, norm, from * Chunk, Math.Min(_parameters, to * Chunk));
        if (member == 0)
        {
            if (finite) learner.Record(loss / _batch, norm, q / _batch);
            else learner.Stop();
        }
        _barrier.Meet();
        return finite;
    }

    // rows drawn with replacement; the same numbers whatever the device
    private void Sample(Learner learner, long updates, int first, int last)
    {
        int state = _shape.State, action = _shape.Action;
        PhiloxBlock words = default;
        for (int m = first; m < last; m++)
        {
            if ((m & 3) == 0 || m == first)
                words = Philox.At(learner.Settings.Seed, RandomStream.Minibatch, (ulong)updates, (uint)m >> 2);
            uint word = (m & 3) switch { 0 => words.A, 1 => words.B, 2 => words.C, _ => words.D };
            float* row = learner.Replay.Row(Philox.Index(word, learner.Replay.Count)), next = row + state + action + 2;
            float* x = _x.Pointer + (nint)m * _stateRow, x2 = _next.Pointer + (nint)m * _stateRow, u = _u.Pointer + (nint)m * _actionRow;
            // what is read beyond a row's state is finite, and its scale is 0
            for (int i = 0; i < _stateRow; i += TLanes.Width)
            {
                TVector scale = TLanes.Load(_inputScale.Pointer + i);
                TLanes.Store(x + i, TLanes.Multiply(scale, TLanes.Load(row + i)));
                TLanes.Store(x2 + i, TLanes.Multiply(scale, TLanes.Load(next + i)));
            }
            for (int i = 0; i < action; i++) u[i] = row[state + i];
            Rewards[m] = row[state + action];
            Flags[m] = row[state + action + 1];
        }
    }

    private void Apply(Learner learner, long step, double norm, int from, int to)
    {
        if (from >= to) return;
        LearnerSettings settings = learner.Settings;
        float scale = settings.ClipNorm > 0 && norm > settings.ClipNorm ? (float)(settings.ClipNorm / norm) : 1;
        float* parameters = learner.Parameters.Pointer, target = learner.Target.Pointer;
        Adam<TLanes, TVector>.Step(to - from, parameters + from, _gradient.Pointer + from, learner.FirstMoment.Pointer + from,
            learner.SecondMoment.Pointer + from, settings.Adam, step, scale);
        int inTarget = Math.Min(to, _target.Shape.Parameters) - from;
        if (inTarget > 0) Adam<TLanes, TVector>.Polyak(inTarget, target + from, parameters + from, settings.Tau);
        if (!_shape.BatchNorm) return;
        int statistic = 0;
        foreach (MlpWorkspace network in _networks)
        {
            BatchNorm<TLanes, TVector>.UpdateStatistics(network, learner.Statistics.Pointer + statistic);
            statistic += network.Shape.Statistics;
        }
        Adam<TLanes, TVector>.Polyak(_target.Shape.Statistics, learner.TargetStatistics.Pointer, learner.Statistics.Pointer, settings.Tau);
    }

    private NafHeads Heads()
    {
        MlpWorkspace n = _networks[0];
        if (_shape.SharedTrunk)
        {
            int mu = 1, l = 1 + _shape.Action;
            return new NafHeads(n.Output, n.OutputGradient, n.OutputRow, n.Output + mu, n.OutputGradient + mu, n.OutputRow,
                n.Output + l, n.OutputGradient + l, n.OutputRow);
        }
        MlpWorkspace m = _networks[1], t = _networks[2];
        return new NafHeads(n.Output, n.OutputGradient, n.OutputRow, m.Output, m.OutputGradient, m.OutputRow, t.Output, t.OutputGradient, t.OutputRow);
    }
}
