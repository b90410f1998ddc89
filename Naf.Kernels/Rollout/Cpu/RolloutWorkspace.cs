using System.Runtime.Intrinsics;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;
using Naf.Kernels.Reward;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>One thread's workspace for rollouts.</summary>
internal sealed unsafe class RolloutWorkspace : IDisposable
{
    public const int MaxRollouts = 128;

    // floats of a block's rows, which should fit in the L2 cache
    private const int BlockFloats = 80_000;

    private readonly RolloutDefinition _definition;
    private readonly MlpWorkspace _space;
    private readonly StateObservation _h;
    private readonly RewardFunction<float> _reward;
    private readonly NormalTable _actionNoise, _dynamicsNoise;
    private readonly HostBuffer _inputScale, _input, _policy, _z, _next, _low, _high, _rows;
    private readonly int[] _live = new int[MaxRollouts], _time = new int[MaxRollouts], _length = new int[MaxRollouts];
    private readonly int _state, _action, _observation, _constants, _inputRow, _zRow, _nextRow, _rowLength;
    private readonly int _parameters, _statistics, _output;
    private Learner? _transposedOf;

    // the current block: the learner with its packed model, and a range of rollouts within the learner's starts
    private Learner _learner = null!;
    private RolloutSettings _settings = null!;
    private RolloutStarts _starts = null!;
    private float* _dynamics;
    private int _steps, _first, _rollouts;

    /// <param name="settings">Settings of all learners; the workspace has room for their largest block.</param>
    public RolloutWorkspace(
        RolloutDefinition definition, LearnerShape shape, float[] inputScale, RolloutSettings[] settings)
    {
        (_definition, _rowLength) = (definition, definition.RowLength);
        (_state, _action) = (definition.Dynamics.State, definition.Dynamics.Action);
        (_observation, _constants) = (definition.Observation.Size, definition.Observation.ConstantSize);
        ImmutableArray<MlpShape> networks = shape.Networks();
        (int network, _output) = shape.Mean;
        (_parameters, _statistics) = shape.Place(network);
        _space = new MlpWorkspace(networks[network], MaxRollouts, training: false);
        (_h, _reward) = (new StateObservation(definition), new RewardFunction<float>(definition.Reward));
        _actionNoise = new NormalTable(_action, MaxRollouts);
        _dynamicsNoise = new NormalTable(_state, MaxRollouts);
        (_inputRow, _zRow, _nextRow) =
            (MlpShape.Pad(_observation), MlpShape.Pad(_state + _action), MlpShape.Pad(_state));
        _inputScale = new HostBuffer(_inputRow);
        inputScale.CopyTo(_inputScale.Span);
        _input = new HostBuffer(MaxRollouts * _inputRow);
        _policy = new HostBuffer(2 * MaxRollouts * _action);
        _z = new HostBuffer(MaxRollouts * _zRow);
        _next = new HostBuffer(_nextRow);
        long rows = settings.Max(s => (long)BlockRollouts(s, _rowLength) * s.Steps);
        _rows = new HostBuffer(rows * _rowLength + ReplayBuffer.Slack);
        (_low, _high) = (new HostBuffer(_nextRow), new HostBuffer(_nextRow));
    }

    public int Cuts { get; private set; }

    /// <summary>Rollouts of a block; independent of other learners' settings, so that results are too.</summary>
    public static int BlockRollouts(RolloutSettings settings, int rowLength) =>
        Math.Clamp(BlockFloats / (settings.Steps * rowLength) & ~7, 8, MaxRollouts);

    /// <summary>Computes a block of rollouts of one learner on one thread; the rows stay in the workspace.</summary>
    /// <param name="first">First rollout of the block, an index into the learner's starts.</param>
    /// <param name="most">Rollouts of a full block; the last block may have fewer.</param>
    /// <param name="dynamics">The learner's packed model.</param>
    public void Run(
        Learner learner, RolloutSettings settings, RolloutStarts starts, int first, int most, float* dynamics)
    {
        (_learner, _settings, _starts) = (learner, settings, starts);
        _dynamics = dynamics;
        (_steps, _first, _rollouts, Cuts) = (settings.Steps, first, Math.Min(most, starts.Count - first), 0);
        int live = Begin();
        for (int step = 0; step < _steps && live > 0; step++)
        {
            Act(step, live);
            if (settings.SampleDynamics) Fill(_dynamicsNoise, RandomStream.ImaginationDynamics, step);
            // keep the rollouts that continue, in order
            int left = 0;
            for (int r = 0; r < live; r++)
            {
                int m = _live[r];
                if (Advance(m, step)) _live[left++] = m;
            }
            live = left;
        }
    }

    /// <summary>Appends the last block's rows to a replay in the order (rollout, step); returns their number.</summary>
    public int Append(ReplayBuffer replay)
    {
        int total = 0;
        for (int m = 0; m < _rollouts; m++)
        {
            replay.Append(Row(m, 0), _length[m]);
            total += _length[m];
        }
        return total;
    }

    /// <summary>Discards the transposed weights, since the parameters may have changed.</summary>
    public void Forget() => _transposedOf = null;

    public void Dispose()
    {
        _space.Dispose();
        _actionNoise.Dispose();
        _dynamicsNoise.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_inputScale, _input, _policy, _z, _next, _low, _high, _rows])
            buffer.Dispose();
    }

    private float* Row(int m, int step) => _rows.Pointer + ((long)m * _steps + step) * _rowLength;

    private ReadOnlySpan<float> Constants(int m) => _starts.Constants.AsSpan((_first + m) * _constants, _constants);

    private void Fill(NormalTable noise, RandomStream stream, int step) =>
        noise.Fill(_learner.Settings.Seed, stream, _starts.FirstNumber + (ulong)_first, step, _rollouts);

    // start states and their observations; returns the number of rollouts that have a step to make
    private int Begin()
    {
        _settings.Bounds(_low.Span, _high.Span);
        if (!ReferenceEquals(_transposedOf, _learner))
        {
            Mlp.TransposeWeights(_space, _learner.Parameters.Pointer + _parameters, 0, 1);
            _transposedOf = _learner;
        }

        int live = 0;
        for (int m = 0; m < _rollouts; m++)
        {
            (_time[m], _length[m]) = (_starts.Time[_first + m], 0);
            if (_time[m] >= _starts.End[_first + m]) continue;
            float* s = _z.Pointer + m * _zRow;
            _starts.State.AsSpan((_first + m) * _state, _state).CopyTo(new Span<float>(s, _state));
            _h.Evaluate(s, Constants(m), Row(m, 0));
            if (Finite(Row(m, 0), _observation)) _live[live++] = m;
            else Cuts++;
        }
        return live;
    }

    // u = clip(μ(x) + σ ε, −1, 1) of the live rollouts
    private void Act(int step, int live)
    {
        for (int r = 0; r < live; r++)
        {
            float* x = Row(_live[r], step), input = _input.Pointer + r * _inputRow;
            // whole vectors, including what follows x in its row
            for (int i = 0; i < _inputRow; i += 16)
                (Vector512.Load(x + i) * Vector512.Load(_inputScale.Pointer + i)).Store(input + i);
        }
        float* mu = _policy.Pointer, noise = mu + MaxRollouts * _action;
        // only the head's rows of μ
        MlpShape network = _space.Shape;
        int head = network.Layers, width = MlpShape.Pad(network.Hidden[^1]);
        float* theta = _learner.Parameters.Pointer + _parameters;
        float* statistics = _learner.Statistics.Pointer + _statistics;
        float* h = Mlp.Hidden(_space, theta, statistics, _input.Pointer, _inputRow, 0, live, marked: head - 1);
        float* weights = theta + network.Weights(head) + (nint)_output * width;
        float* biases = theta + network.Biases(head) + _output;
        RowOperations.Dot(live, h, width, weights, biases, _action, mu, _action, halvesFirst: true);

        float sigma = _settings.ActionNoise;
        if (sigma > 0)
        {
            Fill(_actionNoise, RandomStream.ImaginationAction, step);
            for (int r = 0; r < live; r++)
            {
                float* normals = _actionNoise.Normals + _live[r] * _actionNoise.Row;
                for (int i = 0; i < _action; i++) noise[r * _action + i] = normals[i];
            }
        }
        // 128 · action is a multiple of 16, so that whole vectors fit; unused lanes are ignored
        Vector512<float> one = Vector512<float>.One, scale = Vector512.Create(sigma);
        for (int i = 0; i < live * _action; i += 16)
        {
            Vector512<float> u = RowOperations.Tanh(Vector512.Load(mu + i));
            if (sigma > 0) u = Vector512.MultiplyAddEstimate(scale, Vector512.Load(noise + i), u);
            // NaN propagates
            u = Vector512.ConditionalSelect(Vector512.LessThan(u, -one), -one, u);
            Vector512.ConditionalSelect(Vector512.GreaterThan(u, one), one, u).Store(mu + i);
        }
        for (int r = 0; r < live; r++)
        {
            float* z = _z.Pointer + _live[r] * _zRow + _state, u = Row(_live[r], step) + _observation;
            for (int i = 0; i < _action; i++) z[i] = u[i] = mu[r * _action + i];
        }
    }

    // s′, x′, r and b of one rollout; returns whether it continues
    private bool Advance(int m, int step)
    {
        float* z = _z.Pointer + m * _zRow, next = _next.Pointer, row = Row(m, step);
        float* model = _dynamics + (long)_time[m] * _definition.Dynamics.PackedStep;
        float* noise = _settings.SampleDynamics ? _dynamicsNoise.Normals + m * _dynamicsNoise.Row : null;
        PackedDynamics.Step(model, _state, _state + _action, z, noise, next);
        if (!Inside(next)) return Cut();

        // x′ = h(s′, c); a true terminal state gets the termination reward and is not bootstrapped from
        float* xNext = row + _observation + _action + 2;
        var observed = new ReadOnlySpan<float>(xNext, _observation);
        _h.Evaluate(next, Constants(m), xNext);
        bool terminal = _reward.Terminates(observed);
        float reward = _reward.Value(new(row, _observation), new(row + _observation, _action));
        row[_observation + _action] = terminal ? reward + _reward.TerminationReward : reward;
        row[_observation + _action + 1] = terminal ? 0 : 1;
        if (!Finite(row, _rowLength)) return Cut();

        _length[m] = step + 1;
        if (terminal || step + 1 == _steps || ++_time[m] >= _starts.End[_first + m]) return false;
        new ReadOnlySpan<float>(next, _state).CopyTo(new(z, _state));
        observed.CopyTo(new(row + _rowLength, _observation));
        return true;
    }

    private bool Cut()
    {
        Cuts++;
        return false;
    }

    // whether s′ is within its bounds, which are finite, so that NaN and infinity are outside
    private bool Inside(float* next)
    {
        for (int i = 0; i < _nextRow; i += 16)
        {
            Vector512<float> s = Vector512.Load(next + i);
            if (!Vector512.GreaterThanOrEqualAll(s, Vector512.Load(_low.Pointer + i))
                || !Vector512.LessThanOrEqualAll(s, Vector512.Load(_high.Pointer + i)))
                return false;
        }
        return true;
    }

    private static bool Finite(float* values, int count)
    {
        Vector512<float> largest = Vector512.Create(float.MaxValue);
        int i = 0;
        for (; i + 16 <= count; i += 16)
            if (!Vector512.LessThanOrEqualAll(Vector512.Abs(Vector512.Load(values + i)), largest)) return false;
        for (; i < count; i++)
            if (!float.IsFinite(values[i])) return false;
        return true;
    }
}
