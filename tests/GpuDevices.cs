using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// The GPU devices that kernels are tested on: OpenCL on PoCL, CUDA on an emulated driver, and every other GPU device
/// found on this machine.
/// <c>[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]</c> makes a fixture run on each.
/// </summary>
internal static class GpuDevices
{
    /// <summary>The processor as an OpenCL device.</summary>
    public const string Pocl = "PoCL";

    /// <summary>The emulated CUDA driver.</summary>
    public const string Emulated = "emulated CUDA";

    private static readonly Lazy<TemporaryFolder> Kernels = new(() =>
    {
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    });

    /// <summary>Names that <see cref="Open"/> takes.</summary>
    public static IEnumerable<string> All =>
        [Pocl, Emulated, .. DeviceList.All().Where(d => d.Usable && d.Kind != "cpu" && !IsPocl(d)).Select(d => d.Name)];

    /// <summary>Opens a device. What is compiled on it is kept for the whole test run.</summary>
    public static GpuDevice Open(string name) => Open(name, new CompileCache(Kernels.Value.Path));

    /// <summary>Opens a device with a cache of its own.</summary>
    public static GpuDevice Open(string name, CompileCache cache)
    {
        if (name == Emulated) return new CudaDevice(0, CudaEmulator.Shared.Platform) { Cache = cache };
        if (name.StartsWith("cuda:", StringComparison.Ordinal)) return new CudaDevice(Index(name)) { Cache = cache };
        if (name != Pocl) return new OpenCLDevice(Index(name)) { Cache = cache };
        NeedsAttribute.Check(Need.Pocl);
        DeviceInfo? found = DeviceList.All().FirstOrDefault(IsPocl);
        Assert.That(found, Is.Not.Null, $"no PoCL: {OpenCLLibrary.Remedy}");
        return new OpenCLDevice(Index(found!.Name)) { Cache = cache };
    }

    /// <summary>Whether it is the processor as an OpenCL device.</summary>
    public static bool IsPocl(DeviceInfo device) => device.Driver.StartsWith("Portable Computing Language", StringComparison.Ordinal);

    private static int Index(string name) => int.Parse(name.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Tests on one device, which is opened once; after each of them no buffer may be alive.</summary>
/// <param name="name">One of <see cref="GpuDevices.All"/>.</param>
public abstract class GpuFixture(string name)
{
    private GpuDevice? _device;

    /// <summary>One of <see cref="GpuDevices.All"/>.</summary>
    protected string DeviceName { get; } = name;

    /// <summary>The device.</summary>
    protected GpuDevice Device => _device ??= GpuDevices.Open(DeviceName);

    /// <summary>Opens the device, or leaves the test out where it cannot be had.</summary>
    [SetUp]
    public void Open() => _ = Device;

    /// <summary>Whether everything was given back.</summary>
    [TearDown]
    public void No_buffer_is_alive()
    {
        if (_device is not null) Assert.That((_device.LiveBuffers, _device.LiveBytes), Is.EqualTo((0, 0L)), "buffers and bytes that are alive");
    }

    /// <summary>Lets the device go.</summary>
    [OneTimeTearDown]
    public void Close() => _device?.Dispose();
}
