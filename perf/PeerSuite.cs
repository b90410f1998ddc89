using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Torch;
using TorchSharp;

namespace Naf.Perf;

/// <summary>
/// A benchmark that runs on the engine and on TorchSharp in one process with the same inputs, with one thread on the
/// CPU. Results are compared before anything is timed. BenchmarkDotNet and <c>perf/compare</c> time it.
/// </summary>
/// <param name="work">Name of the benchmark, such as "update".</param>
/// <param name="unit">What is counted per second.</param>
public abstract class PeerSuite(string work, string unit)
{
    private DisposeScope? _scope;
    private Device? _device;

    /// <summary>The CPU and every available GPU.</summary>
    public static IEnumerable<string> Devices =>
        DeviceList.All().Where(d => d.Usable && (d.Kind == "cpu" || d.IsGpu)).Select(d => d.Name);

    /// <summary>The engine's device; TorchSharp uses the same GPU if its build has CUDA, else the CPU.</summary>
    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    /// <summary>CPU threads of the engine and of TorchSharp.</summary>
    internal int Threads { get; init; } = 1;

    internal string Work => work;

    internal string Unit => unit;

    /// <summary>The sizes as text.</summary>
    internal abstract string Case { get; }

    /// <summary>The engine's benchmark, once created.</summary>
    internal KernelBenchmark? Engine { get; private protected set; }

    /// <summary>Other implementations by name; each waits for its device.</summary>
    internal abstract IReadOnlyList<(string Name, Action Once)> Peers { get; }

    /// <summary>Peers in Python: name, required module, and script with arguments.</summary>
    internal virtual IEnumerable<(string Name, string Module, string[] Script)> PythonPeers => [];

    /// <summary>Largest relative difference between the engine's results and a peer's.</summary>
    internal double Error { get; private set; }

    /// <summary>TorchSharp's device.</summary>
    private protected torch.Device TorchDevice { get; private set; } = null!;

    /// <summary>Creates the benchmark, checks it, and runs it until it is compiled.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        TorchNatives.Load();
        torch.set_num_threads(Threads);
        torch.manual_seed(0);
        _device = DeviceList.Select(Device, Threads);
        TorchDevice = IsCuda && torch.cuda.is_available() ? torch.device(Device) : torch.CPU;
        _scope = torch.NewDisposeScope();
        Make(_device);
        Engine!.Prepare();
        foreach ((_, Action once) in Peers) BenchmarkRounds.Time(once, () => { }, 1, 1);
    }

    /// <summary>Releases everything, also after a failed set-up.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        Engine?.Dispose();
        _scope?.Dispose();
        _device?.Dispose();
    }

    /// <summary>The engine; on a GPU the samples are already there.</summary>
    [Benchmark]
    public virtual void Naf()
    {
        Engine!.Run();
        Engine.Finish();
    }

    /// <summary>Creates the engine's benchmark and the peers, and compares their results.</summary>
    private protected abstract void Make(Device device);

    private protected bool IsCuda => Device.StartsWith("cuda", StringComparison.Ordinal);

    /// <summary>Runs something on TorchSharp's device, and waits for it.</summary>
    private protected void RunPeer(Action once)
    {
        once();
        if (TorchDevice.type == DeviceType.CUDA) torch.cuda.synchronize(TorchDevice);
    }

    /// <summary>Throws if two arrays differ.</summary>
    /// <param name="what">Name of the arrays, for the message.</param>
    /// <param name="limit">Largest difference allowed, relative to the largest expected number.</param>
    /// <exception cref="InvalidOperationException">They differ, or are not finite.</exception>
    private protected void Require(string what, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double limit)
    {
        if (actual.Length != expected.Length)
            throw new InvalidOperationException($"{what}: {actual.Length} numbers against {expected.Length}");
        double size = 0, error = 0;
        foreach (float number in expected) size = Math.Max(size, Math.Abs(number));
        for (int i = 0; i < actual.Length; i++)
        {
            double difference = Math.Abs(actual[i] - (double)expected[i]) / size;
            error = double.IsFinite(difference) ? Math.Max(error, difference) : double.PositiveInfinity;
        }
        if (!(error <= limit))
            throw new InvalidOperationException(
                $"{what} of the engine and of TorchSharp differ by {error:g3}; nothing was timed");
        Error = Math.Max(Error, error);
    }
}
