using System.Globalization;

namespace Naf.Gpu;

/// <summary>Finds the OpenCL devices of all platforms: GPUs first, then accelerators, then CPUs, each kind in the platforms' order.</summary>
internal static unsafe class OpenCLPlatform
{
    private const ulong Cpu = 1 << 1, Gpu = 1 << 2, AllDevices = 0xFFFFFFFF;
    private const uint PlatformName = 0x0902;
    private const uint Type = 0x1000, ComputeUnits = 0x1002, GroupThreads = 0x1004, BufferBytes = 0x1010, MemoryBytes = 0x101F,
        SharedBytes = 0x1023, Available = 0x1027, CompilerAvailable = 0x1028, DeviceName = 0x102B, DriverVersion = 0x102D, Version = 0x102F,
        DoubleConfig = 0x1032;

    /// <summary>A device with its platform.</summary>
    public readonly record struct Entry(nint Device, string Platform, bool IsGpu);

    // asked once: a process keeps the devices that it started with
    private static readonly Lazy<IReadOnlyList<Entry>> Found = new(() => SignalHandlers.Keep(Find));

    /// <summary>Every device.</summary>
    public static IReadOnlyList<Entry> Devices() => Found.Value;

    private static IReadOnlyList<Entry> Find()
    {
        if (OpenCLLibrary.Instance is not { } cl) return [];
        var all = new List<(Entry Entry, int Order)>();
        foreach (nint platform in Ids((n, ids, count) => cl.GetPlatformIDs(n, ids, count)))
            foreach (nint device in Ids((n, ids, count) => cl.GetDeviceIDs(platform, AllDevices, n, ids, count)))
            {
                ulong type = OpenCLLibrary.Number(cl.GetDeviceInfo, device, Type);
                int order = (type & Gpu) != 0 ? 0 : (type & Cpu) != 0 ? 2 : 1;
                all.Add((new Entry(device, OpenCLLibrary.Text(cl.GetPlatformInfo, platform, PlatformName), order == 0), order));
            }
        return [.. all.OrderBy(d => d.Order).Select(d => d.Entry)];
    }

    /// <summary>What `naf devices` shows.</summary>
    public static DeviceInfo Describe(Entry entry, int index)
    {
        OpenCLLibrary cl = OpenCLLibrary.Instance!;
        string reason = Number(Available) == 0 ? "the driver says that it is not available; see to its driver"
            : Number(CompilerAvailable) == 0 ? "its driver has no compiler; install the full driver" : "";
        string version = Text(Version);
        return new DeviceInfo(
            $"opencl:{index}", "opencl", Text(DeviceName), (long)Number(MemoryBytes), (int)Number(ComputeUnits),
            $"OpenCL C 1.2 by the driver ({version})", reason.Length == 0, reason, $"{entry.Platform} {Text(DriverVersion)}", entry.IsGpu);

        ulong Number(uint what) => OpenCLLibrary.Number(cl.GetDeviceInfo, entry.Device, what);
        string Text(uint what) => OpenCLLibrary.Text(cl.GetDeviceInfo, entry.Device, what);
    }

    /// <summary>What kernels are shaped by.</summary>
    public static GpuLimits Limits(nint device)
    {
        OpenCLLibrary cl = OpenCLLibrary.Instance!;
        return new GpuLimits(
            (int)Number(ComputeUnits), (int)Math.Min(Number(GroupThreads), 1024), (long)Number(SharedBytes), (long)Number(MemoryBytes),
            (long)Number(BufferBytes), Number(DoubleConfig) != 0, Cooperative: false);

        ulong Number(uint what) => OpenCLLibrary.Number(cl.GetDeviceInfo, device, what);
    }

    private delegate int Lister(uint room, nint* ids, uint* count);

    private static nint[] Ids(Lister list)
    {
        uint count = 0;
        // a platform without devices answers with an error
        if (list(0, null, &count) != 0 || count == 0) return [];
        var ids = new nint[count];
        fixed (nint* p = ids)
            return list(count, p, null) == 0 ? ids : [];
    }
}
