using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Naf.Gpu;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;

namespace Naf.Tests;

/// <summary>
/// The GPU devices for kernel tests: OpenCL on PoCL, ILGPU's CPU accelerator, and every other GPU device of this
/// machine. <c>[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]</c> runs a fixture on each.
/// </summary>
internal static class GpuDevices
{
    /// <summary>The CPU as an OpenCL device.</summary>
    public const string Pocl = "PoCL";

    /// <summary>ILGPU's CPU accelerator.</summary>
    public const string Emulated = "emulated";

    private static readonly ConcurrentDictionary<string, GpuDevice> Opened = [];
    private static readonly CpuDevice Processor = new(2);

    /// <summary>Names accepted by <see cref="Open"/>.</summary>
    public static IEnumerable<string> All =>
        [Pocl, Emulated, .. DeviceList.All().Where(d => d.Usable && d.Kind is "cuda" or "opencl" && !IsPocl(d))
            .Select(d => d.Name)];

    /// <summary>Opens a device.</summary>
    public static GpuDevice Open(string name)
    {
        if (name != Pocl) return (GpuDevice)DeviceList.Select(name);
        NeedsAttribute.Check(Need.Pocl);
        DeviceInfo? found = DeviceList.All().FirstOrDefault(IsPocl);
        Assert.That(found, Is.Not.Null, "no PoCL; install pocl-opencl-icd");
        return (GpuDevice)DeviceList.Select(found!.Name);
    }

    /// <summary>A device that stays open for the whole test run, with its compiled kernels.</summary>
    public static GpuDevice Shared(string name) => Opened.GetOrAdd(name, Open);

    /// <summary>For "cpu" the CPU with two threads, else a GPU device; both stay open.</summary>
    public static Device SharedOrCpu(string name) => name == "cpu" ? Processor : Shared(name);

    /// <summary>Whether it is the CPU as an OpenCL device.</summary>
    public static bool IsPocl(DeviceInfo device) =>
        device.Driver.StartsWith("Portable Computing Language", StringComparison.Ordinal);

    // must run before devices are listed
    [ModuleInitializer]
    internal static void AllowPocl() => Environment.SetEnvironmentVariable("NAF_ALLOW_POCL", "1");
}

/// <summary>Tests on one device; after each test no buffer may be alive.</summary>
/// <param name="name">"cpu", or one of <see cref="GpuDevices.All"/>.</param>
internal abstract class DeviceFixture(string name)
{
    private long _hostBuffers;

    protected string DeviceName { get; } = name;

    protected Device Device => GpuDevices.SharedOrCpu(DeviceName);

    /// <summary>Opens the device, or skips the test if it is not available.</summary>
    [SetUp]
    public void Open() => (_, _hostBuffers) = (Device, HostBuffer.LiveBuffers);

    [TearDown]
    public void No_buffer_is_alive()
    {
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(_hostBuffers), "buffers of the host that are alive");
        if (Device is GpuDevice gpu)
            Assert.That((gpu.LiveBuffers, gpu.LiveBytes), Is.EqualTo((0, 0L)), "buffers and bytes that are alive");
    }
}

/// <summary>Tests on one GPU device.</summary>
/// <param name="name">One of <see cref="GpuDevices.All"/>.</param>
internal abstract class GpuFixture(string name) : DeviceFixture(name)
{
    protected new GpuDevice Device => (GpuDevice)base.Device;
}
