using System.Text;

namespace Naf.Gpu;

/// <summary>The CUDA driver with its devices, and the compiler for them.</summary>
internal sealed unsafe class CudaPlatform
{
    private const int GroupThreads = 1, SharedBytes = 8, Units = 16, Mode = 20, Major = 75, Minor = 76, Cooperative = 95, MostSharedBytes = 97;
    private const int Prohibited = 2, OldestCapability = 60;

    private static readonly Lazy<CudaPlatform> Found = new(() => new CudaPlatform(
        Environment.GetEnvironmentVariable("NAF_CUDA_PATH") is { Length: > 0 } folder ? folder : null));

    /// <param name="folder">Where to look for the driver and for NVRTC first; may be null.</param>
    /// <param name="compilers">Names of NVRTC libraries to try instead of all that can be found.</param>
    public CudaPlatform(string? folder, IEnumerable<string>? compilers = null)
    {
        Cuda = CudaLibrary.Load(folder, out string problem);
        Problem = problem;
        if (Cuda is null) return;
        int version = 0, count = 0;
        _ = Cuda.DriverGetVersion(&version);
        Driver = (version / 1000, version % 1000 / 10);
        Count = Cuda.DeviceGetCount(&count) == 0 ? count : 0;
        if (Count == 0)
            Problem = "the CUDA driver finds no NVIDIA GPU";
        else
        {
            Compiler = NvrtcLibrary.Load(compilers ?? NvrtcPlaces.Candidates(folder), Driver, out problem);
            CompilerProblem = problem;
        }
    }

    /// <summary>That of this machine; <c>NAF_CUDA_PATH</c> names a folder that is looked in first. Loaded at first use.</summary>
    public static CudaPlatform Here => Found.Value;

    /// <summary>The driver, or null where there is none.</summary>
    public CudaLibrary? Cuda { get; }

    /// <summary>NVRTC, or null where there is none that can be used.</summary>
    public NvrtcLibrary? Compiler { get; }

    /// <summary>Why there is no device, with the remedy; empty where there is one.</summary>
    public string Problem { get; } = "";

    /// <summary>Why <see cref="Compiler"/> is null although there are devices, with the remedy; empty otherwise.</summary>
    public string CompilerProblem { get; } = "";

    /// <summary>Number of devices.</summary>
    public int Count { get; }

    private (int Major, int Minor) Driver { get; }

    /// <summary>What `naf devices` shows.</summary>
    public IEnumerable<DeviceInfo> Devices() => Enumerable.Range(0, Count).Select(Describe);

    /// <summary>The driver's number of a device.</summary>
    public int Ordinal(int index)
    {
        int device;
        CudaError.Check(Cuda!, Cuda!.DeviceGet(&device, index), $"cuda:{index}", "cuDeviceGet");
        return device;
    }

    /// <summary>What kernels are shaped by.</summary>
    public GpuLimits Limits(int index)
    {
        long memory = Memory(index);
        return new GpuLimits(
            Attribute(index, Units), Attribute(index, GroupThreads), Math.Max(Attribute(index, SharedBytes), Attribute(index, MostSharedBytes)),
            memory, memory, HasDouble: true, Attribute(index, Cooperative) != 0);
    }

    /// <summary>NVRTC's target for a device, such as sm_90; null where there is none.</summary>
    public string? Target(int index) => Compiler?.Target(Capability(index));

    private DeviceInfo Describe(int index)
    {
        int capability = Capability(index);
        string? target = Target(index);
        string reason = capability < OldestCapability ? $"it is older (sm_{capability}) than kernels may be (sm_{OldestCapability}); use --device cpu"
            : Attribute(index, Mode) == Prohibited ? "its compute mode forbids it; run 'nvidia-smi -c DEFAULT' as root"
            : Compiler is null ? CompilerProblem
            : target is null ? $"NVRTC {Compiler.Version.Major} no longer knows it (sm_{capability}); {NvrtcLibrary.Remedy(Driver.Major)}" : "";
        string route = Compiler is null ? "none" : $"NVRTC {Compiler.Version.Major}.{Compiler.Version.Minor} for {target ?? "none"}";
        return new DeviceInfo(
            $"cuda:{index}", "cuda", Name(index), Memory(index), Attribute(index, Units), route, reason.Length == 0, reason,
            $"NVIDIA CUDA {Driver.Major}.{Driver.Minor}", IsGpu: true);
    }

    private int Capability(int index) => 10 * Attribute(index, Major) + Attribute(index, Minor);

    // 0 where the driver does not say
    private int Attribute(int index, int which)
    {
        int value = 0;
        return Cuda!.DeviceGetAttribute(&value, which, Ordinal(index)) == 0 ? value : 0;
    }

    private long Memory(int index)
    {
        nuint bytes = 0;
        return Cuda!.DeviceTotalMem(&bytes, Ordinal(index)) == 0 ? (long)bytes : 0;
    }

    private string Name(int index)
    {
        byte* name = stackalloc byte[256];
        if (Cuda!.DeviceGetName(name, 256, Ordinal(index)) != 0) return "NVIDIA GPU";
        return Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
    }
}
