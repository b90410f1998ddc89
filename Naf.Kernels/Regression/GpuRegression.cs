using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Updates on a GPU, where parameters and moments live. Minibatches are drawn on the host, which has the samples, and uploaded many at a time.
/// </summary>
internal sealed unsafe class GpuRegression : IRegressionTrainer
{
    // updates of one upload, and the floats that they may have
    private const int MostUpdates = 256, MostFloats = 1 << 22;

    private readonly GpuDevice _device;
    private readonly RegressionLearner[] _learners;
    private readonly RegressionSettings _settings;
    private readonly MlpShape _shape;
    private readonly RegressionLayout _layout;
    private readonly LaunchShape _passes, _tiles;
    private readonly DeviceKernel _forward, _backward, _gradient, _apply, _transpose;
    private readonly DeviceBuffer<float> _states, _results, _corrections, _samples;
    private readonly (long At, Func<RegressionLearner, HostBuffer> Host)[] _mirrored;
    private readonly float[] _staged;
    private readonly int _piece;

    /// <exception cref="DeviceException">The network does not fit, or the device has no room.</exception>
    public GpuRegression(GpuDevice device, MlpShape shape, RegressionSettings settings, RegressionLearner[] learners)
    {
        (_device, _learners, _settings, _shape) = (device, learners, settings, shape);
        var networks = new GpuNetworks([shape]);
        LaunchPlan plan = Choose(device, networks, settings.Batch);
        int tiles = plan.Tiles(networks);
        _layout = new RegressionLayout(networks, shape, settings.Batch, tiles);
        DeviceProgram program = device.Compile(Source(networks, shape, plan, _layout, settings.Batch));
        (_forward, _backward) = (program["regression_forward"], program["regression_backward"]);
        (_gradient, _apply) = (program["regression_gradient"], program["regression_apply"]);
        _transpose = program["regression_transpose"];
        _passes = new LaunchShape((settings.Batch + plan.Rows - 1) / plan.Rows, plan.Threads, plan.ForwardBytes(networks));
        _tiles = new LaunchShape(tiles, plan.Threads, sizeof(float) * plan.Threads);
        _states = device.Allocate<float>(_layout.Row * learners.Length);
        int minibatch = settings.Batch * (shape.Input + shape.Output);
        _piece = Math.Clamp(MostFloats / minibatch, 1, MostUpdates);
        (_results, _corrections) = (device.Allocate<float>(2 * _piece), device.Allocate<float>(2 * _piece));
        (_staged, _samples) = (new float[_piece * minibatch], device.Allocate<float>(_piece * minibatch));
        _mirrored = [(_layout.Parameters, l => l.Parameters), (_layout.First, l => l.First), (_layout.Second, l => l.Second)];
        for (int k = 0; k < learners.Length; k++) Push(k);
    }

    /// <summary>The kernels for a network under a plan.</summary>
    public static KernelSource Source(GpuNetworks networks, MlpShape shape, LaunchPlan plan, RegressionLayout layout, int batch) => KernelSource.Load(
        typeof(GpuRegression).Assembly, "Regression.gpu.c",
        [
            .. networks.Constants, .. plan.Constants, .. layout.Constants, new("BATCH", batch), new("HEADS", shape.Output),
            new("TILES", plan.Tiles(networks)),
            new("SMALLEST_FIRST", AdamConstants.SmallestFirst), new("SMALLEST_SECOND", AdamConstants.SmallestSecond),
        ],
        new Dictionary<string, string>([networks.Source]));

    public void Train(int learner, float* rows, int count, int updates)
    {
        RegressionLearner l = _learners[learner];
        for (int made = 0; made < updates && l.Finite; made += _piece)
        {
            int piece = Math.Min(_piece, updates - made);
            Upload(l, rows, count, piece);
            for (int k = 0; k < piece; k++)
            {
                _device.Launch(_forward, _passes, _states, _samples, learner, k);
                _device.Launch(_backward, _passes, _states, learner);
                _device.Launch(_gradient, _tiles, _states, learner);
                _device.Launch(_apply, _tiles, _states, _results, _corrections, learner, k);
            }
            var results = new float[2 * piece];
            _results.Download(results);
            for (int k = 0; k < piece && l.Finite; k++)
            {
                if (results[2 * k + 1] > 0) l.Record(results[2 * k]);
                else l.Stop();
            }
        }
        foreach ((long at, Func<RegressionLearner, HostBuffer> host) in _mirrored) _states.Download(host(l).Span, learner * _layout.Row + at);
    }

    public void Push(int learner)
    {
        RegressionLearner l = _learners[learner];
        long row = learner * _layout.Row;
        foreach ((long at, Func<RegressionLearner, HostBuffer> host) in _mirrored) _states.Upload(host(l).Span, row + at);
        _states.Upload([_settings.Beta1, 1 - _settings.Beta1, _settings.Beta2, 1 - _settings.Beta2], row + _layout.Settings);
        _states.Upload([l.Finite ? 0 : 1], row + _layout.Stopped);
        _device.Launch(_transpose, _tiles, _states, learner);
    }

    /// <summary>Makes the work memory of updates not-a-number: what an update reads of it, it has to write first.</summary>
    public void Poison()
    {
        float[] poison = [.. Enumerable.Repeat(float.NaN, (int)(_layout.Row - _layout.Work))];
        for (int k = 0; k < _learners.Length; k++) _states.Upload(poison, k * _layout.Row + _layout.Work);
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_states, _results, _corrections, _samples]) buffer.Dispose();
    }

    // minibatches of the next updates, and the corrections of their moments in double as on a CPU
    private void Upload(RegressionLearner learner, float* rows, int count, int updates)
    {
        int row = _shape.Input + _shape.Output, batch = _settings.Batch;
        var corrections = new float[2 * updates];
        fixed (float* staged = _staged)
            for (int k = 0; k < updates; k++)
            {
                float* to = staged + k * batch * row;
                learner.Sample(rows, count, k, 0, batch, to, row, to + _shape.Input, row);
                (corrections[2 * k], corrections[2 * k + 1]) = _settings.Adam.Corrected(learner.Updates + k + 1);
            }
        _samples.Upload(_staged.AsSpan(0, updates * batch * row));
        _corrections.Upload(corrections);
    }

    // few rows a group, so that the groups of one update fill the device
    private static LaunchPlan Choose(GpuDevice device, GpuNetworks networks, int batch)
    {
        GpuLimits limits = device.Limits;
        int threads = device.Info.IsGpu ? Math.Min(256, 1 << System.Numerics.BitOperations.Log2((uint)limits.GroupThreads)) : 64, rows = 2;
        while (rows < 16 && (batch + rows - 1) / rows > 2 * limits.Units) rows *= 2;
        for (; rows > 0; rows /= 2)
        {
            var plan = new LaunchPlan(threads, rows, Math.Min(rows, 8), 1, PlanLaunch.ByPhase);
            if (plan.ForwardBytes(networks) <= limits.SharedBytes) return plan;
        }
        throw new DeviceException(
            $"network dynamics with layers of {networks.MaxWidth} units need more local memory than the {limits.SharedBytes} bytes of "
            + $"{device.Info.Name}; use narrower layers or --device cpu");
    }
}
