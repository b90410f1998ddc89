using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Cpu;

/// <summary>The CPU as a device: a fixed team of threads and its widest vector instructions.</summary>
internal sealed class CpuDevice : Device
{
    private static readonly string Name = ProcessorName();

    /// <param name="threads">Threads that kernels may use, 1 to 256; 0: one per core.</param>
    /// <exception cref="DeviceException">The number of threads is out of range.</exception>
    public CpuDevice(int threads = 0)
    {
        if (threads is < 0 or > 256)
            throw new DeviceException($"threads = {threads} is out of range; give 1 to 256, or 0 for one per core");
        Team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
    }

    public WorkTeam Team { get; }

    public override DeviceInfo Info => Describe();

    public static DeviceInfo Describe() => new(
        "cpu", "cpu", Name, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount, Instructions,
        Usable: true);

    /// <summary>Floats of the widest register that kernels use: 16, 8 or 4.</summary>
    public static int RegisterFloats =>
        Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated && Fma.IsSupported ? 8 : 4;

    public static string Instructions => RegisterFloats switch
    {
        16 => "AVX-512",
        8 => "AVX2",
        _ => AdvSimd.IsSupported ? "NEON" : "128-bit",
    };

    public override void Dispose() => Team.Dispose();

    private static string ProcessorName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        IEnumerable<string> lines = File.Exists(cpuInfo) ? File.ReadLines(cpuInfo) : [];
        string? line = lines.FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
