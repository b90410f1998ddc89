using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Observation;
using Naf.Kernels.Population;
using Naf.Kernels.Reward;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Rollouts on a GPU in three launches: compute all steps of tiles of rollouts, sum their lengths, move the rows into
/// R_f. The host waits for the totals and keeps the counters of R_f.
/// </summary>
internal sealed class GpuRollouts : IRolloutEngine
{
    private readonly BufferScope _scope;
    private readonly RolloutDefinition _definition;
    private readonly RolloutCall _call;
    private readonly GpuPopulation _trainer;
    private readonly DeviceBuffer<float> _states, _constants, _bounds;
    private readonly DeviceBuffer<RolloutLearner> _learners;
    private readonly DeviceBuffer<int> _times, _ends, _totals;
    private readonly RolloutLearner[] _rows;
    private readonly float[] _boundRows;
    private readonly int[] _results;
    private readonly DeviceKernel<RolloutArguments<float>> _roll, _place, _append;
    private readonly RolloutArguments<float> _arguments;

    /// <exception cref="DeviceException">The networks do not fit, or the device is out of memory.</exception>
    public GpuRollouts(
        BufferScope scope, RolloutDefinition definition, LearnerPopulation population, PackedModels models,
        RolloutCall call, RolloutPlan plan)
    {
        (_scope, _definition, _trainer, _call) = (scope, definition, population.Gpu!, call);
        int count = population.Learners;
        (int rollouts, int steps) = (call.Starts.Max(s => s.Capacity), call.Settings.Max(s => s.Steps));
        long all = (long)count * rollouts;
        RolloutSizes sizes = plan.Sizes(definition, population.Shape);
        _roll = Load(RolloutKernel.Roll<DynamicMemory>, sizes.Memory * sizeof(float));
        _place = Load(RolloutRows.Place<DynamicMemory>, 2 * sizeof(int) * plan.Threads);
        _append = Load(RolloutRows.Append, 0);
        (_learners, _totals) = (scope.Allocate<RolloutLearner>(count), scope.Allocate<int>(2 * count));
        _bounds = scope.Allocate<float>(2L * count * definition.Dynamics.State);
        _states = scope.Allocate<float>(all * definition.Dynamics.State);
        _constants = scope.Allocate<float>(all * definition.Observation.ConstantSize);
        (_times, _ends) = (scope.Allocate<int>(all), scope.Allocate<int>(all));
        (_rows, _boundRows, _results) = (new RolloutLearner[count], new float[_bounds.Length], new int[2 * count]);
        _arguments = new RolloutArguments<float>
        {
            Policy = RolloutPolicy<float>.Create(
                population.Shape, _trainer.Layout.Sizes, _trainer.States.View, _trainer.Layers.View),
            Observation = ObservationTable<float>.Create(definition.Observation, definition.Coordinates, scope),
            Reward = RewardTable<float>.Create<FloatMath>(definition.Reward, scope),
            Sizes = sizes, Learners = _learners.View, Dynamics = models.OnDevice!.View, Bounds = _bounds.View,
            Starts = _states.View, Constants = _constants.View, Time = _times.View, End = _ends.View,
            Rows = scope.Allocate<float>(all * steps * definition.RowLength).View,
            Lengths = scope.Allocate<int>(all).View, Places = scope.Allocate<int>(all).View, Totals = _totals.View,
            Rollouts = rollouts, Steps = steps,
        };

        DeviceKernel<RolloutArguments<float>> Load(Action<RolloutArguments<float>> kernel, int bytes) =>
            scope.Device.Load(kernel, plan.Threads, bytes);
    }

    public void Run()
    {
        // a learner may have stopped in an update that the host has not read back, and uploads of host rows into R_f
        // may be pending
        _trainer.PrepareImagination();
        int learners = _rows.Length, most = 0;
        for (int k = 0; k < learners; k++)
        {
            _rows[k] = RolloutLearner.Of(_call.Learners[k], _call.Settings[k], _call.Starts[k]);
            most = Math.Max(most, _rows[k].Count);
            _call.Reports[k] = default;
        }
        if (most == 0) return;
        Upload();

        int tiles = (most + _arguments.Sizes.Rows - 1) / _arguments.Sizes.Rows;
        RolloutArguments<float> at = _arguments with
        {
            Imagined = _trainer.Imagined.Rows.View, Capacity = _trainer.Imagined.RowsOfLearner, Tiles = tiles,
        };
        _roll.Launch(learners * tiles, at);
        _place.Launch(learners, at);
        _append.Launch(learners * at.Rollouts, at);

        _totals.Download(_results);
        for (int k = 0; k < learners; k++)
        {
            if (_rows[k].Count == 0) continue;
            _call.Reports[k] = new RolloutReport(_results[2 * k], _results[2 * k + 1]);
            _call.Learners[k].Imagined.Advance(_results[2 * k]);
        }
    }

    public void Dispose() => _scope.Dispose();

    // starts, bounds and per-learner arguments
    private void Upload()
    {
        (int state, int constants) = (_definition.Dynamics.State, _definition.Observation.ConstantSize);
        for (int k = 0; k < _rows.Length; k++)
        {
            (RolloutStarts starts, int count) = (_call.Starts[k], _rows[k].Count);
            long first = (long)k * _arguments.Rollouts;
            Span<float> bounds = _boundRows.AsSpan(2 * k * state, 2 * state);
            _call.Settings[k].Bounds(bounds[..state], bounds[state..]);
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
