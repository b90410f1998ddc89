using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The fit on a GPU: one launch, a group for each time step of each learner, its matrices in local memory. Samples, models and the packed models stay
/// on the device.
/// </summary>
/// <typeparam name="T">double, or float where the device has no double.</typeparam>
internal sealed class GpuGaussianFit<T> : IGaussianFit where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const string File = "GaussianFit.gpu.c";

    private readonly GpuDevice _device;
    private readonly DynamicsShape _shape;
    private readonly int[][] _lengths;
    private readonly int _maxEpisodes;
    private readonly DeviceKernel _kernel;
    private readonly LaunchShape _launch;
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly DeviceBuffer<T> _samples, _diagonal, _f, _offset, _n;
    private readonly DeviceBuffer<int> _lengthsOnDevice, _wrong;
    private readonly int[] _allLengths;
    private DeviceBuffer<T> _priorMean, _priorScatter;
    private T[] _converted = [];

    /// <exception cref="DeviceException">The matrices do not fit into local memory, or the device has no room.</exception>
    public GpuGaussianFit(GpuDevice device, DynamicsShape shape, int[][] lengths, int maxEpisodes)
    {
        (_device, _shape, _lengths, _maxEpisodes) = (device, shape, lengths, maxEpisodes);
        int learners = lengths.Length, threads = Threads(device);
        long needed = Pool(shape) * Marshal.SizeOf<T>(), steps = (long)learners * shape.Horizon;
        if (needed > device.Limits.SharedBytes)
            throw new DeviceException(
                $"dynamics of {shape} need {needed} bytes of local memory for the fit and {device.Info.Name} has {device.Limits.SharedBytes}; "
                + "use --device cpu");
        if (steps > int.MaxValue) throw new ArgumentException($"{steps} time steps of all learners are too many; fit fewer learners at once");
        _kernel = device.Compile(Source(shape, threads))["gaussian_fit"];
        _launch = new LaunchShape((int)steps, threads, (int)needed);
        _allLengths = new int[learners * maxEpisodes];
        _samples = Allocate<T>(steps * maxEpisodes * shape.Sample);
        _diagonal = Allocate<T>((long)learners * shape.Sample);
        _f = Allocate<T>(steps * shape.State * shape.Input);
        _offset = Allocate<T>(steps * shape.State);
        _n = Allocate<T>(steps * shape.State * shape.State);
        Packed = Allocate<float>(steps * shape.PackedStep);
        _lengthsOnDevice = Allocate<int>(_allLengths.Length);
        _wrong = Allocate<int>(learners);
        _priorMean = device.Allocate<T>(1);
        _priorScatter = device.Allocate<T>(1);
    }

    public DeviceBuffer<float> Packed { get; }

    /// <summary>The kernel for these sizes.</summary>
    public static KernelSource Source(DynamicsShape shape, int threads)
    {
        // launches hold their arguments against the parameters' types, so the text must name them
        using var reader = new StreamReader(typeof(GpuGaussianFit<T>).Assembly.GetManifestResourceStream(File)!);
        string text = Regex.Replace(reader.ReadToEnd(), @"\breal\b", typeof(T) == typeof(double) ? "double" : "float");
        return KernelSource.Load(
            typeof(GpuGaussianFit<T>).Assembly, File,
            [
                new("STATE", shape.State), new("ACTION", shape.Action), new("THREADS", threads),
                new("HAS_DOUBLE", typeof(T) == typeof(double)),
            ],
            new Dictionary<string, string> { [File] = text });
    }

    public void Store(int learner, int episode, ReadOnlySpan<double> samples) =>
        _samples.Upload(Converted(samples), ((long)learner * _maxEpisodes + episode) * _shape.Horizon * _shape.Sample);

    public void Fit(ReadOnlySpan<double> diagonal, GaussianPrior? prior, int priorSteps)
    {
        for (int k = 0; k < _lengths.Length; k++) _lengths[k].CopyTo(_allLengths, k * _maxEpisodes);
        _lengthsOnDevice.Upload(_allLengths);
        _diagonal.Upload(Converted(diagonal));
        if (prior is not null)
        {
            _device.Room(ref _priorMean, prior.Mean.Length).Upload(Converted(prior.Mean));
            _device.Room(ref _priorScatter, prior.Scatter.Length).Upload(Converted(prior.Scatter));
        }
        _wrong.Fill(0);
        _device.Launch(_kernel, _launch, _samples, _lengthsOnDevice, _diagonal, _priorMean, _priorScatter, priorSteps,
            Number(prior?.MeanStrength ?? 0), Number(prior?.Strength ?? 0), _shape.Horizon, _maxEpisodes,
            _f, _offset, _n, Packed, _wrong);
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
        Span<int> wrong = stackalloc int[1];
        _wrong.Download(wrong, learner);
        return wrong[0] == 0;
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _buffers) buffer.Dispose();
        _priorMean.Dispose();
        _priorScatter.Dispose();
    }

    public void Poison()
    {
        foreach (DeviceBuffer<T> buffer in (DeviceBuffer<T>[])[_f, _offset, _n]) buffer.Fill(0xFF);
        Packed.Fill(0xFF);
    }

    // whole rows of 16 threads, one to each column of a matrix
    private static int Threads(GpuDevice device) => Math.Max(16, Math.Min(device.Info.IsGpu ? 128 : 64, device.Limits.GroupThreads) / 16 * 16);

    // POOL of the kernel
    private static long Pool(DynamicsShape shape)
    {
        (long s, long i, long d) = (shape.State, shape.Input, shape.Sample);
        return 2 * d + i + d * (i | 1) + s * (s | 1);
    }

    private DeviceBuffer<TElement> Allocate<TElement>(long length) where TElement : unmanaged
    {
        DeviceBuffer<TElement> buffer = _device.Allocate<TElement>(length);
        _buffers.Add(buffer);
        return buffer;
    }

    private static KernelArgument Number(double value) => typeof(T) == typeof(double) ? (KernelArgument)value : (KernelArgument)(float)value;

    private ReadOnlySpan<T> Converted(ReadOnlySpan<double> numbers)
    {
        if (typeof(T) == typeof(double)) return MemoryMarshal.Cast<double, T>(numbers);
        if (_converted.Length < numbers.Length) _converted = new T[numbers.Length];
        for (int i = 0; i < numbers.Length; i++) _converted[i] = T.CreateTruncating(numbers[i]);
        return _converted.AsSpan(0, numbers.Length);
    }

    private void Download(DeviceBuffer<T> from, int learner, Span<double> to)
    {
        if (typeof(T) == typeof(double))
        {
            from.Download(MemoryMarshal.Cast<double, T>(to), (long)learner * to.Length);
            return;
        }
        if (_converted.Length < to.Length) _converted = new T[to.Length];
        from.Download(_converted.AsSpan(0, to.Length), (long)learner * to.Length);
        for (int i = 0; i < to.Length; i++) to[i] = double.CreateTruncating(_converted[i]);
    }
}
