using System.Globalization;

namespace Naf.Gpu;

/// <summary>Finds devices and opens the one that a name asks for.</summary>
public static class DeviceList
{
    /// <summary>Every device found on this machine, the best choice first: CUDA, OpenCL GPUs, the CPU, other OpenCL devices.</summary>
    public static IReadOnlyList<DeviceInfo> All()
    {
        DeviceInfo[] opencl = [.. OpenCLPlatform.Devices().Select(OpenCLPlatform.Describe)];
        return [.. opencl.Where(d => d.IsGpu), CpuDevice.Describe(), .. opencl.Where(d => !d.IsGpu)];
    }

    /// <summary>Opens a device by name.</summary>
    /// <param name="name"><c>auto</c> (CUDA, else an OpenCL GPU, else the CPU), <c>cpu</c>, <c>cuda:N</c> or <c>opencl:N</c>.</param>
    /// <param name="threads">Threads of a CPU device, 1 or more; 0: one per core.</param>
    /// <exception cref="DeviceException">The name is unknown, or no such device can be used.</exception>
    public static Device Select(string name, int threads = 0)
    {
        if (name == "auto") name = All().FirstOrDefault(d => d.Usable && d.IsGpu)?.Name ?? "cpu";
        if (name == "cpu") return new CpuDevice(threads);
        string[] parts = name.Split(':');
        if (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            switch (parts[0])
            {
                case "opencl": return new OpenCLDevice(index);
                case "cuda": throw new DeviceException($"device {name} is not available; use --device cpu");
            }
        throw new DeviceException($"device '{name}' is unknown; use auto, cpu, cuda:N or opencl:N (naf devices lists what is here)");
    }
}
