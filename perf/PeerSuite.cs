using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Torch;
using TorchSharp;

namespace Naf.Perf;

/// <summary>
/// A piece of work done by the engine and by TorchSharp in one process on the same inputs, one thread on the CPU.
/// Results are held against each other before anything is timed. BenchmarkDotNet times it, and <c>perf/compare</c>.
/// </summary>
/// <param name="work">Such as "update".</param>
/// <param name="unit">What is counted, a second.</param>
public abstract class PeerSuite(string work, string unit)
{
    private DisposeScope? _scope;
    private Device? _device;

    /// <summary>The CPU and every GPU found.</summary>
    public static IEnumerable<string> Devices =>
        DeviceList.All().Where(d => d.Usable && (d.Kind == "cpu" || d.IsGpu)).Select(d => d.Name);

    /// <summary>
    /// Where the engine runs; TorchSharp runs on the same GPU where its build has CUDA, and otherwise on the CPU.
    /// </summary>
    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    /// <summary>Threads of the CPU, for the engine and for TorchSharp.</summary>
    internal int Threads { get; init; } = 1;

    internal string Work => work;

    internal string Unit => unit;

    /// <summary>The sizes in words.</summary>
    internal abstract string Case { get; }

    /// <summary>The engine's work, once it is made.</summary>
    internal KernelBenchmark? Engine { get; private protected set; }

    /// <summary>Other implementations by their names; each waits for its device.</summary>
    internal abstract IReadOnlyList<(string Name, Action Once)> Peers { get; }

    /// <summary>Peers in Python: name, the module that they need, and the script with its arguments.</summary>
    internal virtual IEnumerable<(string Name, string Module, string[] Script)> PythonPeers => [];

    /// <summary>Largest relative difference between the engine's results and a peer's.</summary>
    internal double Error { get; private set; }

    /// <summary>TorchSharp's device.</summary>
    private protected torch.Device TorchDevice { get; private set; } = null!;

    /// <summary>Makes the work, checks it, and runs it until the compiler has done with it.</summary>
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

    /// <summary>Frees what was made, where the set-up failed too.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        Engine?.Dispose();
        _scope?.Dispose();
        _device?.Dispose();
    }

    /// <summary>The engine; on a GPU the samples are there.</summary>
    [Benchmark]
    public virtual void Naf()
    {
        Engine!.Run();
        Engine.Finish();
    }

    /// <summary>Makes the engine's work and the peers', and holds the results against each other.</summary>
    private protected abstract void Make(Device device);

    private protected bool IsCuda => Device.StartsWith("cuda", StringComparison.Ordinal);

    /// <summary>Asks something of TorchSharp's device, and waits for it.</summary>
    private protected void RunPeer(Action once)
    {
        once();
        if (TorchDevice.type == DeviceType.CUDA) torch.cuda.synchronize(TorchDevice);
    }

    /// <summary>Stops where two numbers or arrays differ.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="limit">Largest difference allowed, over the largest of the expected numbers.</param>
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
