using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;

namespace Naf.Gpu;

/// <summary>Finds devices and opens one by name.</summary>
internal static class DeviceList
{
    private const string OpenCLRemedy =
        "for an OpenCL GPU install its driver (Debian: 'sudo apt-get install ocl-icd-libopencl1' and the maker's ICD)";

    /// <summary>All devices, best first: CUDA, OpenCL GPUs, the CPU, other OpenCL devices, the emulated one.</summary>
    public static IReadOnlyList<DeviceInfo> All()
    {
        DeviceInfo[] opencl = [.. GpuContext.Shared.OpenCL.Select(Describe)];
        DeviceInfo[] cuda = [.. GpuContext.Shared.Cuda.Select(Describe)];
        return [.. cuda, .. opencl.Where(d => d.IsGpu), CpuDevice.Describe(),
            .. opencl.Where(d => !d.IsGpu), Emulated()];
    }

    /// <summary>Why GPUs were not found and what to install: one sentence per library.</summary>
    public static IReadOnlyList<string> Missing() =>
    [
        .. new[]
        {
            !GpuContext.HasCuda ? "no CUDA driver (libcuda.so.1); for an NVIDIA GPU install NVIDIA's driver"
                : GpuContext.Shared.Cuda.IsEmpty ? "the CUDA driver finds no NVIDIA GPU" : "",
            !GpuContext.HasOpenCL ? $"no OpenCL loader; {OpenCLRemedy}"
                : GpuContext.Shared.OpenCL.IsEmpty ? $"no OpenCL device; {OpenCLRemedy}" : "",
        }.Where(problem => problem.Length > 0),
    ];

    /// <param name="name">
    /// <c>auto</c> (the first that opens: CUDA, else an OpenCL GPU, else the CPU), <c>cpu</c>, <c>cuda:N</c>,
    /// <c>opencl:N</c>, or <c>emulated</c>, ILGPU's CPU accelerator, which runs GPU kernels slowly, for tests.
    /// </param>
    /// <param name="threads">Threads of a CPU device, 1 or more; 0: one per core.</param>
    /// <exception cref="DeviceException">The name is unknown, or no such device can be used.</exception>
    public static Device Select(string name, int threads = 0)
    {
        switch (name)
        {
            case "auto": return SelectBest(threads);
            case "cpu": return new CpuDevice(threads);
            case "emulated": return new GpuDevice(GpuContext.Shared.Context, GpuContext.Emulated, Emulated());
        }
        string[] parts = name.Split(':');
        if (parts is not ["cuda" or "opencl", _]
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            throw new DeviceException($"device '{name}' is unknown; use auto, cpu, cuda:N, opencl:N or emulated "
                + "(naf devices lists what is here)");
        DeviceInfo info = All().FirstOrDefault(d => d.Name == name) ?? throw new DeviceException(
            $"device {name} is not available: {MissingOf(parts[0]) ?? "naf devices lists what is here"}; "
            + "or use device=cpu");
        if (!info.Usable) throw new DeviceException($"device {name} cannot be used: {info.Reason}");
        GpuContext here = GpuContext.Shared;
        return new GpuDevice(here.Context, parts[0] == "cuda" ? here.Cuda[index] : here.OpenCL[index], info);
    }

    private static string? MissingOf(string kind) =>
        Missing().FirstOrDefault(m => m.Contains(kind == "cuda" ? "CUDA" : "OpenCL", StringComparison.Ordinal));

    private static Device SelectBest(int threads)
    {
        IReadOnlyList<DeviceInfo> all = All();
        var passed = new List<string>();
        Device chosen = FirstGpu(all, passed) ?? new CpuDevice(threads);
        if (chosen.Info.Kind != "cuda" && all.FirstOrDefault(d => d.Kind == "cuda" && !d.Usable) is { } refused)
            passed.Add($"{refused.Name} ({refused.Description}) cannot be used: {refused.Reason}");
        if (passed.Count > 0) chosen.Note = $"{string.Join("; ", passed)}; {chosen.Info.Name} is used instead";
        return chosen;
    }

    // the first that opens: other processes may hold a GPU or its memory
    private static Device? FirstGpu(IReadOnlyList<DeviceInfo> all, List<string> passed)
    {
        foreach (DeviceInfo gpu in all.Where(d => d.Usable && d.IsGpu))
            try
            {
                return Select(gpu.Name);
            }
            catch (DeviceException error)
            {
                passed.Add(error.Message);
            }
        return null;
    }

    private static DeviceInfo Describe(CudaDevice device, int index)
    {
        bool usable = device.Architecture.HasValue && device.InstructionSet is { } set
            && PTXCodeGenerator.SupportedInstructionSets.Contains(set);
        return new DeviceInfo(
            $"cuda:{index}", "cuda", device.Name, device.MemorySize, device.NumMultiprocessors,
            usable ? $"PTX {device.Architecture}, {GpuContext.Optimization}" : "-", usable,
            usable ? "" : "its architecture or driver is too old; update NVIDIA's driver or use device=cpu",
            $"CUDA {device.DriverVersion}", IsGpu: true);
    }

    private static DeviceInfo Describe(CLDevice device, int index)
    {
        string reason = device.CLStdVersion < CLBackend.MinimumVersion
            ? $"it compiles {device.CLStdVersion} and kernels need {CLBackend.MinimumVersion}; update its driver or "
                + "use device=cpu"
            : !device.Capabilities.GenericAddressSpace
                ? "it lacks OpenCL's generic address space, which kernels need; update its driver or use device=cpu"
                : "";
        return new DeviceInfo(
            $"opencl:{index}", "opencl", device.Name, device.MemorySize, device.NumMultiprocessors,
            $"OpenCL C {device.CLStdVersion}", reason.Length == 0, reason,
            $"{device.PlatformName} {device.PlatformVersion}",
            device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU));
    }

    private static DeviceInfo Emulated() => CpuDevice.Describe() with
    {
        Name = "emulated", Kind = "emulated", Units = GpuContext.Emulated.NumMultiprocessors,
        Instructions = "ILGPU's CPU accelerator, for tests",
    };
}
