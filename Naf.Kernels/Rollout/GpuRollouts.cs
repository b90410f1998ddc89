using System.Runtime.CompilerServices;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Rollouts on a GPU: one launch takes tiles of rollouts through all their steps, one sums their lengths, one moves the rows into R_f. The policy's
/// weights are laid out for it before; the host waits for the lengths, and keeps count of R_f.
/// </summary>
internal sealed class GpuRollouts : IRolloutEngine
{
    // as Rollout.gpu.c
    private const int CallRow = 9;

    private readonly GpuDevice _device;
    private readonly RolloutDefinition _definition;
    private readonly LearnerArray _parameters, _statistics, _imagined;
    private readonly RolloutPlan _plan;
    private readonly DeviceKernel _policyKernel, _rollout, _placesKernel, _append;
    private readonly Action? _prepare;
    private readonly DeviceBuffer<float> _policy, _inputScale, _bounds;
    private readonly DeviceBuffer<int> _calls, _totals;
    private readonly int[] _callRows, _results;
    private readonly float[] _boundRows;
    private DeviceBuffer<float> _dynamics, _states, _constants, _rows;
    private DeviceBuffer<int> _times, _ends, _lengths, _places;

    /// <param name="inputScale">[observation].</param>
    /// <param name="rollouts">The most of all learners together in one call.</param>
    /// <param name="parameters">θ of the network that holds μ: [learners] rows, MlpShape.Parameters floats at the beginning of each.</param>
    /// <param name="statistics">Its running statistics: [learners] rows, MlpShape.Statistics floats at the beginning of each.</param>
    /// <param name="imagined">R_f: [learners] rows, [capacity, RowLength] at the beginning of each, capacity that of the call's targets.</param>
    /// <param name="plan">How to lay the work onto the device; null: as <see cref="RolloutPlan.Choose"/> says.</param>
    /// <param name="prepare">Brings who is active and R_f up to date before a call; null: they always are.</param>
    /// <exception cref="DeviceException">The networks do not fit, or the device has no room.</exception>
    public GpuRollouts(
        GpuDevice device, RolloutDefinition definition, NafShape shape, float[] inputScale, int learners, long rollouts,
        LearnerArray parameters, LearnerArray statistics, LearnerArray imagined, RolloutPlan? plan = null, Action? prepare = null)
    {
        (_device, _definition, _parameters, _statistics, _imagined) = (device, definition, parameters, statistics, imagined);
        (_plan, _prepare) = (plan ?? RolloutPlan.Choose(device, definition, shape, rollouts), prepare);
        DeviceProgram program = device.Compile(Source(definition, shape, _plan));
        (_policyKernel, _rollout) = (program["rollout_policy"], program["rollout"]);
        (_placesKernel, _append) = (program["rollout_places"], program["rollout_append"]);
        _policy = device.Allocate<float>((long)learners * PolicyLayout.Floats(shape));
        _inputScale = device.Allocate<float>(inputScale);
        _bounds = device.Allocate<float>(2L * learners * definition.Dynamics.PackedRow);
        (_calls, _totals) = (device.Allocate<int>(learners * CallRow), device.Allocate<int>(2 * learners));
        (_dynamics, _states) = (device.Allocate<float>(0), device.Allocate<float>(0));
        (_constants, _rows) = (device.Allocate<float>(0), device.Allocate<float>(0));
        (_times, _ends) = (device.Allocate<int>(0), device.Allocate<int>(0));
        (_lengths, _places) = (device.Allocate<int>(0), device.Allocate<int>(0));
        (_callRows, _results, _boundRows) = (new int[_calls.Length], new int[_totals.Length], new float[_bounds.Length]);
    }

    public string Plan => _plan.ToString();

    /// <summary>The kernels for a task and a policy.</summary>
    public static KernelSource Source(RolloutDefinition definition, NafShape shape, RolloutPlan plan)
    {
        DynamicsShape dynamics = definition.Dynamics;
        MlpShape network = shape.Networks()[shape.SharedTrunk ? 0 : 1];
        KeyValuePair<string, object>[] constants =
        [
            new("THREADS", plan.Threads), new("ROWS", plan.Rows), new("MAX_WIDTH", RolloutPlan.MaxWidth(definition, shape)),
            new("STATE", dynamics.State), new("ACTION", dynamics.Action), new("HORIZON", dynamics.Horizon), new("PACKED_STEP", dynamics.PackedStep),
            new("OBSERVATION", definition.Observation.Size), new("CONSTANTS", definition.Observation.ConstantSize),
            new("LAYERS", network.Layers), new("MU_OUTPUT", shape.SharedTrunk ? 1 : 0), new("POLICY", PolicyLayout.Floats(shape)),
            new("BATCH_NORM", shape.BatchNorm), new("BATCH_NORM_EPSILON", BatchNormConstants.Epsilon),
            new("STREAM_ACTION", (int)RandomStream.ImaginationAction), new("STREAM_DYNAMICS", (int)RandomStream.ImaginationDynamics),
        ];
        string task = PolicyLayout.Source(shape) + ObservationSource.Emit(definition) + RewardSource.Emit(definition.Reward);
        return KernelSource.Load(typeof(GpuRollouts).Assembly, "Rollout.gpu.c", constants, new Dictionary<string, string> { ["Task.gpu.c"] = task });
    }

    public void SetDynamics(ReadOnlySpan<float> dynamics) => _device.Room(ref _dynamics, dynamics.Length).Upload(dynamics);

    public void SetDynamics(DeviceBuffer<float> dynamics) => _device.Room(ref _dynamics, dynamics.Length).CopyFrom(dynamics, 0, 0, dynamics.Length);

    public void Run(in RolloutCall call)
    {
        // a learner may have stopped in an update that the host has not heard of, and rows of the host may be on their way into R_f
        _prepare?.Invoke();
        int learners = call.Learners.Length, rollouts = 1, steps = 1, most = 0;
        for (int k = 0; k < learners; k++)
        {
            rollouts = Math.Max(rollouts, call.Starts[k].Capacity);
            steps = Math.Max(steps, call.Settings[k].Steps);
            if (call.Learners[k].Active) most = Math.Max(most, call.Starts[k].Count);
            call.Reports[k] = default;
        }
        if (most == 0) return;
        Upload(call, rollouts, steps);

        int parts = Math.Max(1, 2 * _device.Limits.Units / learners), tiles = (most + _plan.Rows - 1) / _plan.Rows;
        int capacity = Math.Max(1, call.Targets[0].Capacity);
        _device.Launch(_policyKernel, new LaunchShape(learners * parts, _plan.Threads),
            _parameters.Buffer, (ulong)_parameters.First, (ulong)_parameters.Row,
            _statistics.Buffer, (ulong)_statistics.First, (ulong)_statistics.Row, _inputScale, _policy, parts);
        _device.Launch(_rollout, new LaunchShape(learners * tiles, _plan.Threads, _plan.SharedBytes),
            _policy, _dynamics, _calls, _bounds, _states, _constants, _times, _ends, _rows, _lengths, tiles, rollouts, steps);
        _device.Launch(_placesKernel, new LaunchShape(learners, _plan.Threads, 4 * sizeof(int) * _plan.Threads),
            _calls, _lengths, _places, _totals, rollouts);
        _device.Launch(_append, new LaunchShape(learners * rollouts, _plan.Threads),
            _calls, _lengths, _places, _totals, _rows, _imagined.Buffer, (ulong)_imagined.First, (ulong)_imagined.Row, capacity, rollouts, steps);

        _totals.Download(_results);
        for (int k = 0; k < learners; k++)
        {
            if (!Imagines(call, k)) continue;
            call.Reports[k] = new RolloutReport(_results[2 * k], _results[2 * k + 1]);
            call.Targets[k].Advance(_results[2 * k]);
        }
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_policy, _inputScale, _bounds, _calls, _totals]) buffer.Dispose();
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_dynamics, _states, _constants, _rows]) buffer.Dispose();
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_times, _ends, _lengths, _places]) buffer.Dispose();
    }

    private static bool Imagines(in RolloutCall call, int k) => call.Learners[k].Active && call.Starts[k].Count > 0;

    // starts, bounds and what differs between learners
    private void Upload(in RolloutCall call, int rollouts, int steps)
    {
        int learners = call.Learners.Length, state = _definition.Dynamics.State, constants = _definition.Observation.ConstantSize;
        long all = (long)learners * rollouts;
        _device.Room(ref _states, all * state);
        _device.Room(ref _constants, all * constants);
        _device.Room(ref _times, all);
        _device.Room(ref _ends, all);
        _device.Room(ref _lengths, all);
        _device.Room(ref _places, all);
        _device.Room(ref _rows, all * steps * _definition.RowLength);
        for (int k = 0; k < learners; k++)
        {
            (RolloutStarts starts, RolloutSettings settings, ulong seed) = (call.Starts[k], call.Settings[k], call.Learners[k].Settings.Seed);
            int count = Imagines(call, k) ? starts.Count : 0, newest = call.Targets[k].Newest + 1;
            Span<int> row = _callRows.AsSpan(k * CallRow, CallRow);
            (row[0], row[1], row[2], row[3]) = ((int)(uint)seed, (int)(seed >> 32), (int)(uint)starts.FirstNumber, (int)(starts.FirstNumber >> 32));
            (row[4], row[5], row[6]) = (count, settings.Steps, settings.SampleDynamics ? 1 : 0);
            (row[7], row[8]) = (Unsafe.BitCast<float, int>(settings.ActionNoise), newest == call.Targets[k].Capacity ? 0 : newest);
            Span<float> bounds = _boundRows.AsSpan(2 * k * _definition.Dynamics.PackedRow, 2 * _definition.Dynamics.PackedRow);
            settings.Bounds(bounds[.._definition.Dynamics.PackedRow], bounds[_definition.Dynamics.PackedRow..]);
            if (count == 0) continue;
            _states.Upload(starts.State[..(count * state)], (long)k * rollouts * state);
            _constants.Upload(starts.Constants[..(count * constants)], (long)k * rollouts * constants);
            _times.Upload(starts.Time[..count], (long)k * rollouts);
            _ends.Upload(starts.End[..count], (long)k * rollouts);
        }
        _calls.Upload(_callRows);
        _bounds.Upload(_boundRows);
    }
}
