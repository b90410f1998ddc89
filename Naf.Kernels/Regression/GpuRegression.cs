using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using FourSums = Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>>;

namespace Naf.Kernels.Regression;

/// <summary>
/// Training on a GPU, which holds parameters and moments. Minibatches are drawn on the host, which has the samples, and
/// many of them are uploaded at a time.
/// </summary>
internal sealed unsafe class GpuRegression : IRegressionTrainer
{
    // maximum updates and floats of one upload; samples summed by a thread
    private const int MostUpdates = 256, MostFloats = 1 << 22, Sums = 4;

    private readonly BufferScope _scope;
    private readonly RegressionLearner[] _learners;
    private readonly LearnerSettings _settings;
    private readonly MlpShape _shape;
    private readonly LearnerLayout _layout;
    private readonly DeviceKernel<RegressionArguments<float>> _passes, _gradient, _apply, _copyWeights;
    private readonly DeviceBuffer<float> _states, _results, _rates, _samples;
    private readonly RegressionArguments<float> _arguments;
    private readonly (int At, Func<RegressionLearner, HostBuffer> Host)[] _mirrored;
    private readonly float[] _staged;
    private readonly int _piece;

    /// <exception cref="DeviceException">The network does not fit, or the device is out of memory.</exception>
    public GpuRegression(BufferScope scope, MlpShape shape, LearnerSettings settings, RegressionLearner[] learners)
    {
        GpuDevice device = scope.Device;
        (_scope, _learners, _settings, _shape) = (scope, learners, settings, shape);
        // few samples per group, so that the groups of one update fill the device
        int rows = Sums, threads = Math.Min(device.Info.IsGpu ? 256 : 64, device.Limits.GroupThreads);
        while (rows < 16 && (settings.BatchSize + rows - 1) / rows > 2 * device.Limits.Units) rows *= 2;
        var plan = new LaunchPlan(threads, rows, Sums, 1, PlanLaunch.ByPhase);
        if (plan.ForwardBytes([shape]) > device.Limits.SharedBytes) plan = plan with { Rows = Sums };
        if (plan.ForwardBytes([shape]) > device.Limits.SharedBytes)
            throw new DeviceException(
                $"network dynamics with layers of {shape.Hidden.Max()} units need more local memory than the "
                + $"{device.Limits.SharedBytes} bytes of {device.Info.Name}; use narrower layers or device=cpu");
        _layout = new LearnerLayout(
            [shape], targets: 0, settings.BatchSize, shape.Output, plan.Rows, plan.TileRows,
            MlpWeights.TileColumns);
        LearnerSizes sizes = _layout.Sizes;
        _passes = device.Load<RegressionArguments<float>>(
            RegressionKernels.Passes<DynamicMemory, FourSums>, threads, plan.ForwardBytes([shape]));
        _gradient = device.Load<RegressionArguments<float>>(
            RegressionKernels.Gradient<DynamicMemory, FourSums>, threads, plan.WeightBytes);
        _apply = device.Load<RegressionArguments<float>>(
            RegressionKernels.Apply<DynamicMemory>, threads, 4 * sizeof(float) * threads);
        _copyWeights = device.Load<RegressionArguments<float>>(RegressionKernels.CopyWeights, threads);
        int minibatch = settings.BatchSize * (shape.Input + shape.Output);
        _piece = Math.Clamp(MostFloats / minibatch, 1, MostUpdates);
        _states = scope.Allocate<float>((long)sizes.Row * learners.Length);
        (_results, _rates) = (scope.Allocate<float>(2 * _piece), scope.Allocate<float>(2 * _piece));
        (_staged, _samples) = (new float[_piece * minibatch], scope.Allocate<float>(_piece * minibatch));
        _arguments = new RegressionArguments<float>
        {
            States = _states.View, Samples = _samples.View, Results = _results.View, Rates = _rates.View,
            Layers = scope.Allocate<LayerShape>(_layout.Layers.AsSpan()).View,
            Tiles = scope.Allocate<TileShape>(_layout.Tiles.AsSpan()).View,
            Sizes = sizes,
        };
        _mirrored = [(sizes.Parameters, l => l.Parameters), (sizes.First, l => l.First), (sizes.Second, l => l.Second)];
        for (int k = 0; k < learners.Length; k++) Push(k);
    }

    public void Train(int learner, float* rows, int count, int updates)
    {
        RegressionLearner l = _learners[learner];
        int tiles = _layout.Sizes.Samples / _layout.Sizes.Rows;
        for (int made = 0; made < updates && l.Finite; made += _piece)
        {
            int piece = Math.Min(_piece, updates - made);
            Upload(l, rows, count, piece);
            for (int k = 0; k < piece; k++)
            {
                RegressionArguments<float> at = _arguments with { Learner = learner, Update = k };
                _passes.Launch(tiles, at);
                _gradient.Launch(_layout.Sizes.Tiles, at);
                _apply.Launch(_layout.Sizes.Tiles, at);
            }
            var results = new float[2 * piece];
            _results.Download(results);
            for (int k = 0; k < piece && l.Finite; k++)
            {
                if (results[2 * k + 1] > 0) l.Record(results[2 * k]);
                else l.Finite = false;
            }
        }
        foreach ((int at, Func<RegressionLearner, HostBuffer> host) in _mirrored)
            _states.Download(host(l).Span, At(learner, at));
    }

    public void Push(int learner)
    {
        RegressionLearner l = _learners[learner];
        foreach ((int at, Func<RegressionLearner, HostBuffer> host) in _mirrored)
            _states.Upload(host(l).Span, At(learner, at));
        _states.Upload([.. _settings.Places.Select(s => (float)s)], At(learner, _layout.Sizes.Settings));
        _states.Upload([l.Finite ? 0 : 1], At(learner, _layout.Sizes.Stopped));
        _copyWeights.Launch(_layout.Sizes.Tiles, _arguments with { Learner = learner });
    }

    /// <summary>Fills the work memory of updates with NaN, since an update must write it before reading it.</summary>
    public void Poison()
    {
        float[] poison = [.. Enumerable.Repeat(float.NaN, _layout.Sizes.Row - _layout.Work)];
        for (int k = 0; k < _learners.Length; k++) _states.Upload(poison, At(k, _layout.Work));
    }

    public void Dispose() => _scope.Dispose();

    private long At(int learner, int place) => (long)learner * _layout.Sizes.Row + place;

    // minibatches of the next updates, and Adam's bias corrections, computed in double as on the CPU
    private void Upload(RegressionLearner learner, float* rows, int count, int updates)
    {
        int row = _shape.Input + _shape.Output, batch = _settings.BatchSize;
        var rates = new float[2 * updates];
        fixed (float* staged = _staged)
            for (int k = 0; k < updates; k++)
            {
                float* to = staged + k * batch * row;
                learner.Sample(rows, count, k, 0, batch, to, row, to + _shape.Input, row);
                (double rate, double epsilon) = _settings.Adam.Corrected(learner.Updates + k + 1);
                (rates[2 * k], rates[2 * k + 1]) = ((float)rate, (float)epsilon);
            }
        _samples.Upload(_staged.AsSpan(0, updates * batch * row));
        _rates.Upload(rates);
    }
}
