using System.Globalization;

namespace Naf.Gpu;

/// <summary>Finds devices and opens the one that a name asks for.</summary>
public static class DeviceList
{
    /// <summary>Every device found on this machine, the best choice first: CUDA, OpenCL GPUs, the CPU, other OpenCL devices.</summary>
    public static IReadOnlyList<DeviceInfo> All() => All(CudaPlatform.Here);

    /// <summary>What keeps GPUs from being found or used, with what to install: one sentence for each library.</summary>
    public static IReadOnlyList<string> Missing() => Missing(CudaPlatform.Here);

    /// <summary>Opens a device by name.</summary>
    /// <param name="name"><c>auto</c> (the first that opens: CUDA, else an OpenCL GPU, else the CPU), <c>cpu</c>, <c>cuda:N</c> or
    /// <c>opencl:N</c>.</param>
    /// <param name="threads">Threads of a CPU device, 1 or more; 0: one per core.</param>
    /// <exception cref="DeviceException">The name is unknown, or no such device can be used.</exception>
    public static Device Select(string name, int threads = 0) => Select(name, threads, null);

    internal static IReadOnlyList<DeviceInfo> All(CudaPlatform cuda)
    {
        DeviceInfo[] opencl = [.. OpenCLPlatform.Devices().Select(OpenCLPlatform.Describe)];
        DeviceInfo[] cudas = [.. cuda.Devices()];
        for (int i = 0; i < cudas.Length; i++)
            if (!cudas[i].Usable && SameGpu(cudas, i, opencl) is { } other)
                cudas[i] = cudas[i] with { Reason = $"{cudas[i].Reason}; or use {other.Name}, which is the same GPU" };
        return [.. cudas, .. opencl.Where(d => d.IsGpu), CpuDevice.Describe(), .. opencl.Where(d => !d.IsGpu)];
    }

    internal static IReadOnlyList<string> Missing(CudaPlatform cuda) =>
    [
        .. new[]
        {
            cuda.Problem, cuda.CompilerProblem,
            OpenCLLibrary.Instance is null ? $"no OpenCL loader; {OpenCLLibrary.Remedy}"
                : OpenCLPlatform.Devices().Count == 0 ? $"no OpenCL device; {OpenCLLibrary.Remedy}" : "",
        }.Where(problem => problem.Length > 0),
    ];

    /// <param name="found">The CUDA driver; null: this machine's, which is loaded for the names that ask for it alone.</param>
    internal static Device Select(string name, int threads, CudaPlatform? found)
    {
        CudaPlatform Cuda() => found ?? CudaPlatform.Here;
        if (name == "auto")
        {
            IReadOnlyList<DeviceInfo> all = All(Cuda());
            var passed = new List<string>();
            Device chosen = FirstGpu(all, gpu => Select(gpu.Name, threads, found), passed) ?? new CpuDevice(threads);
            if (chosen.Info.Kind != "cuda" && all.FirstOrDefault(d => d.Kind == "cuda" && !d.Usable) is { } refused)
                passed.Add($"{refused.Name} ({refused.Description}) cannot be used: {refused.Reason}");
            if (passed.Count > 0) chosen.Note = $"{string.Join("; ", passed)}; {chosen.Info.Name} is used instead";
            return chosen;
        }
        if (name == "cpu") return new CpuDevice(threads);
        string[] parts = name.Split(':');
        if (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            switch (parts[0])
            {
                case "opencl": return new OpenCLDevice(index);
                case "cuda":
                    if (All(Cuda()).FirstOrDefault(d => d.Name == name && !d.Usable) is { } refused)
                        throw new DeviceException($"device {name} cannot be used: {refused.Reason}");
                    return new CudaDevice(index, Cuda());
            }
        throw new DeviceException($"device '{name}' is unknown; use auto, cpu, cuda:N or opencl:N (naf devices lists what is here)");
    }

    // the first that opens: others may hold a GPU or its memory
    private static Device? FirstGpu(IEnumerable<DeviceInfo> all, Func<DeviceInfo, Device> open, List<string> passed)
    {
        foreach (DeviceInfo gpu in all.Where(d => d.Usable && d.IsGpu))
            try
            {
                return open(gpu);
            }
            catch (DeviceException error)
            {
                passed.Add(error.Message);
            }
        return null;
    }

    // the OpenCL device with the same name, counted among its like
    internal static DeviceInfo? SameGpu(DeviceInfo[] cudas, int index, DeviceInfo[] opencl)
    {
        string hardware = cudas[index].Description;
        int before = cudas.Take(index).Count(d => d.Description == hardware);
        return opencl.Where(d => d.Usable && d.Description == hardware).Skip(before).FirstOrDefault();
    }
}
