namespace Naf.Gpu;

/// <summary>Finds devices and opens the one that a name asks for.</summary>
public static class DeviceList
{
    /// <summary>Every device found on this machine, the usable ones first.</summary>
    public static IReadOnlyList<DeviceInfo> All() => [CpuDevice.Describe()];

    /// <summary>Opens a device by name.</summary>
    /// <param name="name"><c>auto</c>, <c>cpu</c>, <c>cuda:N</c> or <c>opencl:N</c>.</param>
    /// <param name="threads">Threads of a CPU device, 1 or more; 0: one per core.</param>
    /// <exception cref="DeviceException">The name is unknown, or no such device can be used.</exception>
    public static Device Select(string name, int threads = 0)
    {
        if (name is "auto" or "cpu") return new CpuDevice(threads);
        string kind = name.Split(':')[0];
        throw kind is "cuda" or "opencl"
            ? new DeviceException($"device {name} is not available: this version has no {kind} kernels yet; use --device cpu")
            : new DeviceException($"device '{name}' is unknown; use auto, cpu, cuda:N or opencl:N (naf devices lists what is here)");
    }
}
