using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace Naf.Gpu.Accelerators;

/// <summary>CUDA driver functions that ILGPU lacks; its accelerator must be bound to the calling thread.</summary>
internal static unsafe partial class CudaDriver
{
    private const string Library = "cuda";
    private const int SharedBytesOfFunction = 8, CooperativeLaunch = 95, SharedBytesOptIn = 97;

    /// <summary>Shared memory that a group may request, above the 48 KiB available to every kernel.</summary>
    public static int MaxSharedBytes(int device) => Attribute(SharedBytesOptIn, device);

    /// <summary>Whether the groups of a launch can run concurrently (cooperative launch).</summary>
    public static bool IsCooperative(int device) => Attribute(CooperativeLaunch, device) != 0;

    public static void AllowSharedBytes(CudaKernel kernel, int bytes) =>
        Check(FuncSetAttribute(kernel.FunctionPtr, SharedBytesOfFunction, bytes));

    /// <summary>Launches groups that run concurrently and may wait for each other.</summary>
    /// <param name="arguments">The kernel's single argument in the device's layout.</param>
    public static void LaunchCooperative(
        CudaKernel kernel, int groups, int threads, int sharedBytes, CudaStream stream, ReadOnlySpan<byte> arguments)
    {
        fixed (byte* first = arguments)
        {
            void* argument = first;
            Check(LaunchCooperativeKernel(
                kernel.FunctionPtr, (uint)groups, 1, 1, (uint)threads, 1, 1, (uint)sharedBytes,
                stream.StreamPtr, &argument));
        }
    }

    private static int Attribute(int attribute, int device)
    {
        int value = 0;
        Check(DeviceGetAttribute(&value, attribute, device));
        return value;
    }

    private static void Check(CudaError status) => CudaException.ThrowIfFailed(status);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial CudaError DeviceGetAttribute(int* value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    private static partial CudaError FuncSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuLaunchCooperativeKernel")]
    private static partial CudaError LaunchCooperativeKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes,
        nint stream, void** arguments);
}
