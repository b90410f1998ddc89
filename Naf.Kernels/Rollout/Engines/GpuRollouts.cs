using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Population;
using Naf.Kernels.Reward;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Rollouts on a GPU: one launch takes tiles of rollouts through all their steps, one sums their lengths, one moves the rows into R_f. The host
/// waits for the totals, and keeps count of R_f.
/// </summary>
internal sealed class GpuRollouts : IRolloutEngine
{
    private readonly BufferScope _scope;
    private readonly RolloutDefinition _definition;
    private readonly RolloutPlan _plan;
    private readonly GpuTrainer _trainer;
    private readonly DeviceBuffer<float> _dynamics, _bounds;
    private readonly DeviceBuffer<RolloutLearner> _learners;
    private readonly DeviceBuffer<int> _totals;
    private readonly RolloutLearner[] _rows;
    private readonly float[] _boundRows;
    private readonly int[] _results;
    private readonly DeviceKernel<RolloutArguments<float>> _roll, _place, _append;
    private readonly RolloutArguments<float> _arguments;
    private DeviceBuffer<float> _states, _constants, _imaginedRows;
    private DeviceBuffer<int> _times, _ends, _lengths, _places;

    /// <exception cref="DeviceException">The networks do not fit, or the device has no room.</exception>
    public GpuRollouts(BufferScope scope, RolloutDefinition definition, NafPopulation population, RolloutPlan plan)
    {
        (_scope, _definition, _trainer, _plan) = (scope, definition, population.Gpu!, plan);
        int count = population.Learners;
        DynamicsShape dynamics = definition.Dynamics;
        RolloutSizes sizes = plan.Sizes(definition, population.Shape);
        _roll = Load(RolloutKernel.Roll<DynamicMemory>, sizes.Memory * sizeof(float));
        _place = Load(RolloutRows.Place<DynamicMemory>, 2 * sizeof(int) * plan.Threads);
        _append = Load(RolloutRows.Append, 0);
        (_learners, _totals) = (scope.Allocate<RolloutLearner>(count), scope.Allocate<int>(2 * count));
        _dynamics = scope.Allocate<float>((long)count * dynamics.Horizon * dynamics.PackedStep);
        _bounds = scope.Allocate<float>(2L * count * dynamics.State);
        (_states, _constants, _imaginedRows) = (scope.Allocate<float>(0), scope.Allocate<float>(0), scope.Allocate<float>(0));
        (_times, _ends) = (scope.Allocate<int>(0), scope.Allocate<int>(0));
        (_lengths, _places) = (scope.Allocate<int>(0), scope.Allocate<int>(0));
        (_rows, _boundRows, _results) = (new RolloutLearner[count], new float[_bounds.Length], new int[2 * count]);
        var arrays = new DeviceArrays(scope);
        _arguments = new RolloutArguments<float>
        {
            Policy = RolloutPolicy<float>.Create(
                population.Shape, _trainer.Layout.Sizes, _trainer.States.View, _trainer.Layers.View),
            Observation = ObservationTable<float>.Create(definition.Observation, definition.Coordinates, arrays),
            Reward = RewardTable<float>.Create<FloatMath>(definition.Reward, arrays),
            Sizes = sizes, Learners = _learners.View, Dynamics = _dynamics.View, Bounds = _bounds.View,
            Totals = _totals.View,
        };

        DeviceKernel<RolloutArguments<float>> Load(Action<RolloutArguments<float>> kernel, int bytes) =>
            scope.Device.Load(kernel, plan.Threads, bytes);
    }

    public string Plan => _plan.ToString();

    public void SetDynamics(int learner, ReadOnlySpan<float> dynamics) => _dynamics.Upload(dynamics, (long)learner * dynamics.Length);

    /// <summary>Takes over the packed model of a learner that is on the device, from an element on.</summary>
    public void SetDynamics(int learner, DeviceBuffer<float> dynamics, long first)
    {
        int length = _definition.Dynamics.Horizon * _definition.Dynamics.PackedStep;
        _dynamics.CopyFrom(dynamics, first, (long)learner * length, length);
    }

    public void Run(in RolloutCall call)
    {
        // a learner may have stopped in an update that the host has not heard of, and rows of the host may be on their way into R_f
        _trainer.PrepareImagination();
        int learners = call.Learners.Length, rollouts = 1, steps = 1, most = 0;
        for (int k = 0; k < learners; k++)
        {
            rollouts = Math.Max(rollouts, call.Starts[k].Capacity);
            steps = Math.Max(steps, call.Settings[k].Steps);
            _rows[k] = RolloutLearner.Of(call.Learners[k], call.Settings[k], call.Starts[k]);
            most = Math.Max(most, _rows[k].Count);
            call.Reports[k] = default;
        }
        if (most == 0) return;
        Upload(call, rollouts, steps);

        int tiles = (most + _plan.Rows - 1) / _plan.Rows;
        RolloutArguments<float> at = _arguments with
        {
            Starts = _states.View, Constants = _constants.View, Time = _times.View, End = _ends.View,
            Rows = _imaginedRows.View, Lengths = _lengths.View, Places = _places.View,
            Imagined = _trainer.Imagined.Rows.View, Capacity = _trainer.Imagined.RowsOfLearner,
            Rollouts = rollouts, Steps = steps, Tiles = tiles,
        };
        _roll.Launch(learners * tiles, at);
        _place.Launch(learners, at);
        _append.Launch(learners * rollouts, at);

        _totals.Download(_results);
        for (int k = 0; k < learners; k++)
        {
            if (_rows[k].Count == 0) continue;
            call.Reports[k] = new RolloutReport(_results[2 * k], _results[2 * k + 1]);
            call.Learners[k].Imagined.Advance(_results[2 * k]);
        }
    }

    public void Dispose() => _scope.Dispose();

    // starts, bounds and what differs between learners
    private void Upload(in RolloutCall call, int rollouts, int steps)
    {
        int learners = call.Learners.Length, state = _definition.Dynamics.State, constants = _definition.Observation.ConstantSize;
        long all = (long)learners * rollouts;
        _scope.EnsureCapacity(ref _states, all * state);
        _scope.EnsureCapacity(ref _constants, all * constants);
        _scope.EnsureCapacity(ref _times, all);
        _scope.EnsureCapacity(ref _ends, all);
        _scope.EnsureCapacity(ref _lengths, all);
        _scope.EnsureCapacity(ref _places, all);
        _scope.EnsureCapacity(ref _imaginedRows, all * steps * _definition.RowLength);
        for (int k = 0; k < learners; k++)
        {
            (RolloutStarts starts, int count, long first) = (call.Starts[k], _rows[k].Count, (long)k * rollouts);
            Span<float> bounds = _boundRows.AsSpan(2 * k * state, 2 * state);
            call.Settings[k].Bounds(bounds[..state], bounds[state..]);
            if (count == 0) continue;
            _states.Upload(starts.State.AsSpan(0, count * state), first * state);
            _constants.Upload(starts.Constants.AsSpan(0, count * constants), first * constants);
            _times.Upload(starts.Time.AsSpan(0, count), first);
            _ends.Upload(starts.End.AsSpan(0, count), first);
        }
        _learners.Upload(_rows);
        _bounds.Upload(_boundRows);
    }
}
