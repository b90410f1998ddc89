using System.Runtime.Intrinsics;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>One thread's workspace for rollouts.</summary>
internal sealed unsafe class RolloutWorkspace : IDisposable
{
    /// <summary>Most rollouts of a block.</summary>
    public const int MaximalRollouts = 128;

    // floats of a block's rows: they should stay in the second-level cache
    private const int BlockFloats = 80_000;

    private readonly RolloutDefinition _definition;
    private readonly NafShape _shape;
    private readonly MlpWorkspace _space;
    private readonly RowObservation _h;
    private readonly RowReward _reward;
    private readonly NormalTable _actionNoise, _dynamicsNoise;
    private readonly HostBuffer _inputScale, _input, _policy, _z, _next, _low, _high;
    private readonly int[] _live = new int[MaximalRollouts], _time = new int[MaximalRollouts], _length = new int[MaximalRollouts];
    private readonly int _state, _action, _observation, _inputRow, _zRow, _nextRow, _rowLength, _parameters, _statistics, _output;
    private HostBuffer _rows = new(0);
    private Learner? _transposedOf;
    private int _steps, _rollouts;

    public RolloutWorkspace(RolloutDefinition definition, NafShape shape, float[] inputScale)
    {
        (_definition, _shape, _rowLength) = (definition, shape, definition.RowLength);
        (_state, _action, _observation) = (definition.Dynamics.State, definition.Dynamics.Action, definition.Observation.Size);
        // μ is the second network, or stands after V in the trunk's outputs
        var networks = shape.Networks();
        int network = shape.SharedTrunk ? 0 : 1;
        (_parameters, _statistics) = shape.SharedTrunk ? (0, 0) : (networks[0].Parameters, networks[0].Statistics);
        _output = shape.SharedTrunk ? 1 : 0;
        _space = new MlpWorkspace(networks[network], MaximalRollouts, training: false);
        (_h, _reward) = (new RowObservation(definition), new RowReward(definition.Reward));
        _actionNoise = new NormalTable(_action, MaximalRollouts);
        _dynamicsNoise = new NormalTable(_state, MaximalRollouts);
        (_inputRow, _zRow, _nextRow) = (MlpShape.Pad(_observation), MlpShape.Pad(_state + _action), MlpShape.Pad(_state));
        _inputScale = new HostBuffer(_inputRow);
        inputScale.CopyTo(_inputScale.Span);
        _input = new HostBuffer(MaximalRollouts * _inputRow);
        _policy = new HostBuffer(2 * MaximalRollouts * _action);
        _z = new HostBuffer(MaximalRollouts * _zRow);
        _next = new HostBuffer(_nextRow);
        (_low, _high) = (new HostBuffer(_nextRow), new HostBuffer(_nextRow));
    }

    /// <summary>Rollouts of the last block that were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Rollouts of a block: by a learner's own settings, so that its numbers do not depend on the others.</summary>
    public static int BlockRollouts(RolloutSettings settings, int rowLength) =>
        Math.Clamp(BlockFloats / (settings.Steps * rowLength) & ~7, 8, MaximalRollouts);

    /// <summary>Computes a block; its rows stay here.</summary>
    public void Run(in RolloutBlock block)
    {
        int live = Begin(block);
        for (int step = 0; step < _steps && live > 0; step++)
        {
            Act(block, step, live);
            if (block.Settings.SampleDynamics)
                _dynamicsNoise.Fill(block.Learner.Settings.Seed, RandomStream.ImaginationDynamics, Number(block), step, _rollouts);
            // those that go on close up
            int left = 0;
            for (int r = 0; r < live; r++)
            {
                int m = _live[r];
                if (Advance(block, m, step)) _live[left++] = m;
            }
            live = left;
        }
    }

    /// <summary>Appends the rows of the last block to a replay, in the order (rollout, step); returns how many.</summary>
    public int Append(ReplayBuffer replay)
    {
        // rollouts of full length stand one behind the other
        int total = 0;
        for (int m = 0, together; m < _rollouts; m += together)
        {
            together = 1;
            int rows = _length[m];
            while (rows == together * _steps && m + together < _rollouts) rows += _length[m + together++];
            replay.Append(Row(m, 0), rows);
            total += rows;
        }
        return total;
    }

    /// <summary>The weights may have changed: they are transposed anew with the next block.</summary>
    public void Forget() => _transposedOf = null;

    public void Dispose()
    {
        _space.Dispose();
        _actionNoise.Dispose();
        _dynamicsNoise.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[_inputScale, _input, _policy, _z, _next, _low, _high, _rows]) buffer.Dispose();
    }

    private float* Row(int m, int step) => _rows.Pointer + ((long)m * _steps + step) * _rowLength;

    private static ulong Number(in RolloutBlock block) => block.Starts.FirstNumber + (ulong)block.First;

    private static int End(in RolloutBlock block, int m) => block.Starts.EndPointer[block.First + m];

    private float* Constants(in RolloutBlock block, int m) =>
        block.Starts.ConstantsPointer + (long)(block.First + m) * _definition.Observation.ConstantSize;

    // start states and their observations; returns how many have a step to make
    private int Begin(in RolloutBlock block)
    {
        (_steps, _rollouts, Cuts) = (block.Settings.Steps, block.Count, 0);
        long floats = (long)BlockRollouts(block.Settings, _rowLength) * _steps * _rowLength + ReplayBuffer.Slack;
        if (_rows.Length < floats)
        {
            _rows.Dispose();
            _rows = new HostBuffer(floats);
        }
        block.Settings.Bounds(_low.Span, _high.Span);
        if (!ReferenceEquals(_transposedOf, block.Learner))
        {
            Mlp.TransposeWeights(_space, Policy(block.Learner), 0, 1);
            _transposedOf = block.Learner;
        }

        int live = 0;
        for (int m = 0; m < _rollouts; m++)
        {
            _time[m] = block.Starts.TimePointer[block.First + m];
            _length[m] = 0;
            if (_time[m] >= End(block, m)) continue;
            float* s = _z.Pointer + m * _zRow;
            FloatRow.Copy(block.Starts.StatePointer + (long)(block.First + m) * _state, s, _state);
            _h.Evaluate(s, Constants(block, m), Row(m, 0));
            if (FloatRow.Finite(Row(m, 0), _observation)) _live[live++] = m;
            else Cuts++;
        }
        return live;
    }

    private float* Policy(Learner learner) => learner.Parameters.Pointer + _parameters;

    // u = clip(μ(x) + σ ε, −1, 1) of the live rollouts
    private void Act(in RolloutBlock block, int step, int live)
    {
        for (int r = 0; r < live; r++)
        {
            float* x = Row(_live[r], step), input = _input.Pointer + r * _inputRow;
            // whole registers, whatever follows x in its row
            for (int i = 0; i < _inputRow; i += 16)
                (Vector512.Load(x + i) * Vector512.Load(_inputScale.Pointer + i)).Store(input + i);
        }
        float* mu = _policy.Pointer, noise = mu + MaximalRollouts * _action;
        // the head's rows of μ alone
        MlpShape network = _space.Shape;
        int head = network.Layers, width = MlpShape.Pad(network.Hidden[^1]);
        float* theta = Policy(block.Learner), statistics = block.Learner.Statistics.Pointer + _statistics;
        float* h = Mlp.Hidden(_space, theta, statistics, _input.Pointer, _inputRow, 0, live, marked: head - 1);
        RowOperations.Dot(live, h, width, theta + network.Weights(head) + (nint)_output * width, theta + network.Biases(head) + _output,
            _action, mu, _action, halvesFirst: true);

        float sigma = block.Settings.ActionNoise;
        if (sigma > 0)
        {
            _actionNoise.Fill(block.Learner.Settings.Seed, RandomStream.ImaginationAction, Number(block), step, _rollouts);
            for (int r = 0; r < live; r++)
            {
                float* normals = _actionNoise.Normals + _live[r] * _actionNoise.Row;
                for (int i = 0; i < _action; i++) noise[r * _action + i] = normals[i];
            }
        }
        // 128 · action is a multiple of 16: whole registers, whatever the last ones hold
        Vector512<float> one = Vector512<float>.One, scale = Vector512.Create(sigma);
        for (int i = 0; i < live * _action; i += 16)
        {
            // tanh m = 1 − 2 / (exp 2m + 1)
            Vector512<float> m = Vector512.Load(mu + i), u = one - Vector512.Create(2f) / (Vector512.Exp(m + m) + one);
            if (sigma > 0) u = Vector512.MultiplyAddEstimate(scale, Vector512.Load(noise + i), u);
            // not a number stays so
            u = Vector512.ConditionalSelect(Vector512.LessThan(u, -one), -one, u);
            Vector512.ConditionalSelect(Vector512.GreaterThan(u, one), one, u).Store(mu + i);
        }
        for (int r = 0; r < live; r++)
        {
            float* z = _z.Pointer + _live[r] * _zRow + _state, u = Row(_live[r], step) + _observation;
            for (int i = 0; i < _action; i++) z[i] = u[i] = mu[r * _action + i];
        }
    }

    // s′, x′, r and b of one rollout; whether it goes on
    private bool Advance(in RolloutBlock block, int m, int step)
    {
        float* z = _z.Pointer + m * _zRow, next = _next.Pointer, row = Row(m, step);
        float* model = (float*)block.Dynamics + (long)_time[m] * _definition.Dynamics.PackedStep;
        float* noise = block.Settings.SampleDynamics ? _dynamicsNoise.Normals + m * _dynamicsNoise.Row : null;
        PackedDynamics.Step(model, _state, _state + _action, z, noise, next);
        if (!FloatRow.Inside(next, _low.Pointer, _high.Pointer, _nextRow)) return Cut();

        // x′ = h(s′, c); a true terminal state is rewarded apart and not bootstrapped from
        float* xNext = row + _observation + _action + 2;
        _h.Evaluate(next, Constants(block, m), xNext);
        bool terminal = _reward.Terminates(xNext);
        float reward = _reward.Value(row);
        row[_observation + _action] = terminal ? reward + _reward.TerminationReward : reward;
        row[_observation + _action + 1] = terminal ? 0 : 1;
        if (!FloatRow.Finite(row, _rowLength)) return Cut();

        _length[m] = step + 1;
        if (terminal || step + 1 == _steps || ++_time[m] >= End(block, m)) return false;
        FloatRow.Copy(next, z, _state);
        FloatRow.Copy(xNext, row + _rowLength, _observation);
        return true;
    }

    private bool Cut()
    {
        Cuts++;
        return false;
    }
}
