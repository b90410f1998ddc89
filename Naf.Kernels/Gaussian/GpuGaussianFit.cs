using System.Numerics;
using System.Runtime.InteropServices;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// The fit on a GPU: one launch with a thread group for each time step of each fitted learner. Samples, models and
/// packed models stay on the device.
/// </summary>
/// <typeparam name="T">double, or float on a device without double precision.</typeparam>
internal sealed class GpuGaussianFit<T> : IGaussianFit where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly DynamicsShape _shape;
    private readonly int[][] _lengths;
    private readonly int _maxEpisodes;
    private readonly DeviceKernel<FitArguments<T>> _kernel;
    private readonly BufferScope _scope;
    private readonly DeviceBuffer<T> _samples, _diagonal, _f, _offset, _n;
    private readonly DeviceBuffer<int> _fitted, _lengthsOnDevice, _wrong;
    // [learners]: number of the last fit with a non-finite model; number of the last fit
    private readonly int[] _wrongOnHost, _last;
    private DeviceBuffer<T> _priorMean, _priorScatter;
    private int _number, _read;

    /// <param name="entry">Entry point of the kernel for T.</param>
    /// <exception cref="DeviceException">The matrices exceed shared memory, or the device is out of memory.</exception>
    public GpuGaussianFit(
        BufferScope scope, Action<FitArguments<T>> entry, DynamicsShape shape, int[][] lengths, int maxEpisodes)
    {
        (_scope, _shape, _lengths, _maxEpisodes) = (scope, shape, lengths, maxEpisodes);
        int learners = lengths.Length, bytes = GaussianFitKernel.Work(shape) * Marshal.SizeOf<T>();
        long steps = (long)learners * shape.Horizon;
        if (bytes > scope.Device.Limits.SharedBytes)
            throw new DeviceException(
                $"dynamics of {shape} need {bytes} bytes of shared memory for the fit and {scope.Device.Info.Name} has "
                + $"{scope.Device.Limits.SharedBytes}; use device=cpu");
        if (steps > int.MaxValue)
            throw new ArgumentException($"{steps} time steps of all learners are too many; fit fewer learners at once");
        _kernel = scope.Device.Load(entry, GaussianFitKernel.Threads(scope.Device), bytes);
        _samples = scope.Allocate<T>(steps * maxEpisodes * shape.Sample);
        _diagonal = scope.Allocate<T>((long)learners * shape.Sample);
        _f = scope.Allocate<T>(steps * shape.State * shape.Input);
        _offset = scope.Allocate<T>(steps * shape.State);
        _n = scope.Allocate<T>(steps * shape.State * shape.State);
        Packed = scope.Allocate<float>(steps * shape.PackedStep);
        _fitted = scope.Allocate<int>(learners);
        _lengthsOnDevice = scope.Allocate<int>((long)learners * maxEpisodes);
        _wrong = scope.Allocate<int>(learners);
        _priorMean = scope.Allocate<T>(1);
        _priorScatter = scope.Allocate<T>(1);
        (_wrongOnHost, _last) = (new int[learners], new int[learners]);
    }

    public DeviceBuffer<float> Packed { get; }

    public void Store(int learner, int episode, ReadOnlySpan<double> samples) =>
        _samples.Upload(Converted(samples), ((long)learner * _maxEpisodes + episode) * _shape.Horizon * _shape.Sample);

    public void Fit(FitCall call)
    {
        _fitted.Upload(call.Learners);
        _lengthsOnDevice.Upload([.. _lengths.SelectMany(l => l)]);
        _diagonal.Upload(Converted(call.Diagonal));
        if (call.Prior is { } prior)
        {
            _scope.EnsureCapacity(ref _priorMean, prior.Mean.Length).Upload(Converted(prior.Mean));
            _scope.EnsureCapacity(ref _priorScatter, prior.Scatter.Length).Upload(Converted(prior.Scatter));
        }
        _number++;
        foreach (int k in call.Learners) _last[k] = _number;
        _kernel.Launch(call.Learners.Length * _shape.Horizon, new FitArguments<T>
        {
            Fitted = _fitted.View, Samples = _samples.View, Lengths = _lengthsOnDevice.View, Diagonal = _diagonal.View,
            PriorMean = _priorMean.View, PriorScatter = _priorScatter.View,
            F = _f.View, Offset = _offset.View, N = _n.View, Packed = Packed.View, Wrong = _wrong.View,
            Horizon = _shape.Horizon, State = _shape.State, Action = _shape.Action, PackedRow = _shape.PackedRow,
            Episodes = _maxEpisodes, PriorSteps = call.PriorSteps, Number = _number, Through = call.Through ? 1 : 0,
            Strength = T.CreateTruncating(call.Prior?.Strength ?? 0),
        });
    }

    public void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n)
    {
        Download(_f, learner, f);
        Download(_offset, learner, offset);
        Download(_n, learner, n);
    }

    public void CopyPacked(int learner, Span<float> packed) => Packed.Download(packed, (long)learner * packed.Length);

    public bool IsFinite(int learner)
    {
        if (_read != _number) _wrong.Download(_wrongOnHost);
        _read = _number;
        return _wrongOnHost[learner] != _last[learner];
    }

    public void Poison()
    {
        foreach (DeviceBuffer<T> buffer in (DeviceBuffer<T>[])[_f, _offset, _n]) buffer.Fill(0xFF);
        float[] packed = Packed.ToArray();
        _shape.PoisonPacked(packed);
        Packed.Upload(packed);
    }

    public void Dispose() => _scope.Dispose();

    private static ReadOnlySpan<T> Converted(ReadOnlySpan<double> numbers)
    {
        if (typeof(T) == typeof(double)) return MemoryMarshal.Cast<double, T>(numbers);
        var converted = new T[numbers.Length];
        for (int i = 0; i < converted.Length; i++) converted[i] = T.CreateTruncating(numbers[i]);
        return converted;
    }

    private static void Download(DeviceBuffer<T> from, int learner, Span<double> to)
    {
        var numbers = new T[to.Length];
        from.Download(numbers, (long)learner * to.Length);
        for (int i = 0; i < to.Length; i++) to[i] = double.CreateTruncating(numbers[i]);
    }
}
