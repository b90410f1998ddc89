using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Accelerators;

/// <summary>The process's ILGPU context, with the available GPU drivers and devices. Created at first use.</summary>
internal sealed partial class GpuContext
{
    private const string OptimizationVariable = "NAF_GPU_OPTIMIZATION", PoclVariable = "NAF_ALLOW_POCL";

    private static readonly string CudaFile = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
    private static readonly string OpenCLFile = OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1";

    /// <summary>ILGPU's CPU accelerator, for debugging; groups are small, since each thread is an OS thread.</summary>
    public static readonly CPUDevice Emulated =
        new(numThreadsPerWarp: 2, numWarpsPerMultiprocessor: 2, numMultiprocessors: 4);

    private static readonly Lazy<GpuContext> Made = new(() => new GpuContext());

    private GpuContext()
    {
        ResolveLibraries();
        bool allowsPocl = Environment.GetEnvironmentVariable(PoclVariable) == "1";
        // PoCL reads the native environment; on a CPU all memory is one address space
        if (allowsPocl && OperatingSystem.IsLinux())
            _ = SetEnvironment("POCL_EXTRA_BUILD_FLAGS", "-D__generic=__global", 1);
        var (cuda, openCL) = (ImmutableArray.CreateBuilder<CudaDevice>(), ImmutableArray.CreateBuilder<CLDevice>());
        Context = SignalHandlers.Keep(() => Context.Create(builder =>
        {
            builder.Optimize(Optimization).CPU(Emulated);
            if (HasCuda) builder.Cuda(device => Register(cuda, device));
            if (HasOpenCL)
                builder.OpenCL(device =>
                {
                    if (allowsPocl) AllowGenericAddressSpace(device);
                    return Register(openCL, device);
                });
        }));
        (Cuda, OpenCL) = (cuda.ToImmutable(), openCL.ToImmutable());

        static bool Register<T>(ImmutableArray<T>.Builder devices, T device)
        {
            devices.Add(device);
            return true;
        }
    }

    public static GpuContext Shared => Made.Value;

    /// <summary>Optimisation level of kernels: O2, or O1 if the environment has NAF_GPU_OPTIMIZATION=O1.</summary>
    /// <exception cref="DeviceException">The variable has another value.</exception>
    public static OptimizationLevel Optimization => Environment.GetEnvironmentVariable(OptimizationVariable) switch
    {
        "O1" => OptimizationLevel.O1,
        null or "" or "O2" => OptimizationLevel.O2,
        var other => throw new DeviceException($"{OptimizationVariable}={other} is unknown; give O1 or O2"),
    };

    public Context Context { get; }

    /// <summary>CUDA devices in the driver's order, including unusable ones.</summary>
    public ImmutableArray<CudaDevice> Cuda { get; }

    /// <summary>OpenCL devices in the driver's order, including unusable ones.</summary>
    public ImmutableArray<CLDevice> OpenCL { get; }

    public static bool HasCuda => NativeLibrary.TryLoad(CudaFile, out _);

    public static bool HasOpenCL => NativeLibrary.TryLoad(OpenCLFile, out _);

    // ILGPU loads libcuda.so and libOpenCL.so, names that only the development packages install
    private static void ResolveLibraries()
    {
        NativeLibrary.SetDllImportResolver(typeof(CudaDriver).Assembly, Resolve);
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // another library of this process has already set a resolver
        }

        static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
        {
            string? file = name switch
            {
                "cuda" => CudaFile,
                "OpenCL" when OperatingSystem.IsLinux() => OpenCLFile,
                _ => null,
            };
            return file is not null && NativeLibrary.TryLoad(file, out nint handle) ? handle : 0;
        }
    }

    // ILGPU generates generic pointers, which PoCL 3.1 lacks; the setter is internal
    private static void AllowGenericAddressSpace(CLDevice device) =>
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!
            .GetSetMethod(nonPublic: true)!
            .Invoke(device.Capabilities, [true]);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
