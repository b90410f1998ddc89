using System.Runtime.Intrinsics;
using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// Learners on the CPU. Few learners get several threads each; many get one thread each, as threads become free.
/// Learner k's results are bitwise independent of the number of learners and of threads.
/// </summary>
internal sealed unsafe class CpuPopulation : NafPopulation
{
    // observations that are evaluated together
    private const int Block = 64;

    private readonly WorkTeam _team;
    private readonly NafWorkerGroup[] _groups;
    // one per learner, since learners may act at the same time
    private readonly MlpWorkspace[] _spaces, _triangleSpaces;
    private readonly HostBuffer[] _inputs;
    private readonly int _workersPerLearner, _inputRow;
    private readonly PolicyPlace _mean, _triangle;
    private readonly Action<int> _updateAsWorker;
    private int _imagined, _real, _nextLearner;

    public CpuPopulation(CpuDevice device, NafShape shape, float[] inputScale, Learner[] learners)
        : base(device, shape, inputScale, learners)
    {
        _team = device.Team;
        int workers = Math.Max(1, _team.Threads / learners.Length),
            groups = Math.Min(_team.Threads / workers, learners.Length);
        _groups = [.. Enumerable.Range(0, groups).Select(_ => new NafWorkerGroup(shape, inputScale, Batch, workers))];
        ImmutableArray<MlpShape> networks = shape.Networks();
        (_mean, _triangle) = (Place(shape.Mean), Place(shape.Triangle));
        _spaces = Spaces(shape.Mean.Network);
        _triangleSpaces = shape.SharedTrunk ? _spaces : Spaces(shape.Triangle.Network);
        _inputRow = MlpShape.Pad(shape.State);
        _inputs = [.. learners.Select(_ => new HostBuffer(_inputRow))];
        _workersPerLearner = workers;
        _updateAsWorker = UpdateAsWorker;

        MlpWorkspace[] Spaces(int network) =>
            [.. learners.Select(_ => new MlpWorkspace(networks[network], 1, training: false))];

        PolicyPlace Place((int Network, int Output) at) =>
            new(networks.Take(at.Network).Sum(n => n.Parameters), networks.Take(at.Network).Sum(n => n.Statistics),
                at.Output);
    }

    private protected override void Mean(int first, int learners, ReadOnlySpan<float> x, Span<float> u)
    {
        int action = Shape.Action;
        for (int k = 0; k < learners; k++)
        {
            Observe(first + k, x.Slice(k * Shape.State, Shape.State));
            NafAdvantage.Act(Outputs(first + k, _spaces, _mean), action, u.Slice(k * action, action));
        }
    }

    private protected override void MeanAndLower(
        int first, int learners, ReadOnlySpan<float> x, Span<float> u, Span<float> lower)
    {
        (int action, int packed) = (Shape.Action, Shape.Packed);
        for (int k = 0; k < learners; k++)
        {
            Observe(first + k, x.Slice(k * Shape.State, Shape.State));
            float* mean = Outputs(first + k, _spaces, _mean), triangle = Shape.SharedTrunk
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

    private protected override void Evaluate(
        int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, AdvantageEvaluation evaluation, in LearnerValues to)
    {
        int samples = evaluation.Samples, kind = 0;
        (int state, int action, int packed) = (Shape.State, Shape.Action, Shape.Packed);
        var (mean, triangle) = (new float[samples * action], new float[samples * packed]);
        Learner l = AllLearners[learner];
        float* parameters = l.Parameters.Pointer, statistics = l.Statistics.Pointer;
        using var block = new HostBuffer(Block * _inputRow);
        foreach (MlpShape network in l.Networks)
        {
            using var space = new MlpWorkspace(network, Block, training: false);
            Mlp.TransposeWeights(space, parameters, 0, 1);
            for (int first = 0; first < samples; first += Block)
            {
                int rows = Math.Min(Block, samples - first);
                for (int e = 0; e < rows * state; e++)
                    block.Pointer[e / state * _inputRow + e % state] = x[first * state + e] * InputScale[e % state];
                // zeros are not skipped, so that a sample's results do not depend on its neighbours
                Mlp.Forward(space, parameters, statistics, block.Pointer, _inputRow, 0, rows, marked: 0);
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
        for (int k = 0; k < to.Q.Length / samples; k++)
            evaluation.Evaluate(
                to.V, mean, triangle, u.Slice(k * mean.Length, mean.Length), to.Mu, to.Lower,
                to.AdvantageOf(k), to.QOf(k));
    }

    public override void Update(int imagined, int real)
    {
        (_imagined, _real, _nextLearner) = (imagined, real, 0);
        if (_team.Threads == 1) UpdateAsWorker(0);
        else _team.Run(_updateAsWorker);
    }

    public override void Dispose()
    {
        foreach (NafWorkerGroup group in _groups) group.Dispose();
        foreach (MlpWorkspace space in _spaces) space.Dispose();
        if (!Shape.SharedTrunk) foreach (MlpWorkspace space in _triangleSpaces) space.Dispose();
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

    private void Update(Learner learner, NafWorkerGroup group, int worker)
    {
        if (!learner.Active) return;
        bool goesOn = learner.Imagined.Count < Batch || group.Update(learner, learner.Imagined, _imagined, worker);
        if (goesOn && learner.Replay.Count >= Batch) group.Update(learner, learner.Replay, _real, worker);
    }

    // where a network's parameters and statistics begin, and its first output for μ or L
    private readonly record struct PolicyPlace(int Parameters, int Statistics, int Output);
}

/// <summary>
/// One or more threads, with their workspace, that update one learner at a time. The update of Algorithm 1: sample a
/// minibatch from the replay, y = r + γ V′(x′), loss = mean (Q(x, u) − y)², gradient, Adam, Polyak. Each worker takes a
/// share of the rows, then of the weights; every sum has a fixed order, so that the result does not depend on the
/// number of workers.
/// </summary>
internal sealed unsafe class NafWorkerGroup : IDisposable
{
    private readonly NafShape _shape;
    private readonly int _batch, _stateRow, _actionRow;
    private readonly SpinBarrier _barrier;
    private readonly MlpWorkspace[] _networks;
    private readonly MlpWorkspace _target;
    private readonly int[] _offsets, _statistics;
    private readonly (int From, int To)[] _parts;
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
            _networks[n] = new MlpWorkspace(networks[n], batch, training: true,
                lender: Workers == 1 && n > 0 ? _networks[0] : null);
        _target = Workers == 1 ? _networks[0] : new MlpWorkspace(networks[0], batch, training: false);
        // a single worker takes one network after another, in the cache; several take all at once, for fewer barriers
        _parts = Workers == 1 ? [.. networks.Select((_, n) => (n, n + 1))] : [(0, networks.Length)];
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
        _squares = [.. networks.Select(n => new double[RowOperations.Chunks(n.Parameters)])];
    }

    private int Workers { get; }

    // [batch] each: reward, bootstrap flag, target y, TD error, Q
    private float* Rewards => _samples.Pointer;
    private float* Flags => _samples.Pointer + _batch;
    private float* Targets => _samples.Pointer + 2 * _batch;
    private float* Errors => _samples.Pointer + 3 * _batch;
    private float* Q => _samples.Pointer + 4 * _batch;

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

    public void Dispose()
    {
        foreach (MlpWorkspace network in _networks) network.Dispose();
        _target.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_x, _next, _u, _samples, _gradient, _inputScale]) buffer.Dispose();
    }

    private bool UpdateOnce(Learner learner, ReplayBuffer buffer, int worker)
    {
        NafSettings settings = learner.Settings;
        float rewardScale = (float)settings.RewardScale, gamma = (float)settings.Gamma, clip = (float)settings.ClipNorm;
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
        Forward(_target, learner.Target.Pointer, learner.TargetStatistics.Pointer, _next.Pointer, first, last,
            trains: false);
        (float low, float high) = learner.TargetLimits;
        for (int m = first; m < last; m++)
        {
            float v = Math.Clamp(_target.Output[(nint)m * _target.OutputRow], low, high);
            Targets[m] = rewardScale * Rewards[m] + gamma * Flags[m] * v;
        }

        // Q(x, u) and the loss with its gradient at the networks' outputs
        for (int n = 0; n < _networks.Length; n++)
            Forward(_networks[n], learner.Parameters.Pointer + _offsets[n],
                learner.Statistics.Pointer + _statistics[n], _x.Pointer, first, last, trains: true);
        NafAdvantage.Gradient(
            _networks, _shape.Action, (float)settings.LogDiagonalBound, (float)settings.SaturationPenalty, _u.Pointer,
            _actionRow, Targets, Errors, Q, 2f / _batch, first, last);
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
        Mlp.Forward(network, parameters, statistics, x, _stateRow, first, last, trains: trains);
    }

    /// <summary>The gradient of some of the networks; returns the sum of its squares.</summary>
    private double Backward(Learner learner, (int From, int To) part, int worker, int first, int last)
    {
        float* parameters = learner.Parameters.Pointer, gradient = _gradient.Pointer;
        for (int n = part.From; n < part.To; n++)
            Mlp.BackwardRows(_networks[n], parameters + _offsets[n], gradient + _offsets[n], first, last);
        _barrier.Wait();
        for (int n = part.From; n < part.To; n++)
            Mlp.BackwardWeights(_networks[n], _x.Pointer, _stateRow, gradient + _offsets[n], worker, Workers);
        _barrier.Wait();
        for (int n = part.From; n < part.To; n++)
            RowOperations.SumsOfSquares(
                gradient + _offsets[n], _networks[n].Shape.Parameters, _squares[n], worker, Workers);
        _barrier.Wait();
        double sum = 0;
        for (int n = part.From; n < part.To; n++)
            foreach (double s in _squares[n]) sum += s;
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
            float* x = _x.Pointer + (nint)m * _stateRow, x2 = _next.Pointer + (nint)m * _stateRow,
                u = _u.Pointer + (nint)m * _actionRow;
            // values read beyond a row's state are finite, and their scale is 0
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

    /// <summary>Adam for a worker's share of some networks, and the Polyak average of the first one's target.</summary>
    private void Apply(Learner learner, (int From, int To) part, long step, float scale, int worker)
    {
        float tau = (float)learner.Settings.Tau;
        for (int n = part.From; n < part.To; n++)
        {
            (int from, int length) = RowOperations.ChunkShare(_networks[n].Shape.Parameters, worker, Workers);
            int at = _offsets[n] + from;
            Adam.Step(length, learner.Parameters.Pointer + at, _gradient.Pointer + at,
                learner.FirstMoment.Pointer + at, learner.SecondMoment.Pointer + at, learner.Settings.Adam, step, scale,
                target: n == 0 ? learner.Target.Pointer + at : null, tau);
        }
        if (!_shape.BatchNorm) return;
        for (int n = part.From; n < part.To; n++)
            BatchNorm.UpdateStatistics(_networks[n], learner.Statistics.Pointer + _statistics[n]);
        if (part.From == 0)
            Adam.Polyak(
                _networks[0].Shape.Statistics, learner.TargetStatistics.Pointer, learner.Statistics.Pointer, tau);
    }
}
