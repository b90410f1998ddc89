using System.Runtime.InteropServices;

namespace Naf.Gpu;

/// <summary>The CUDA driver's status codes.</summary>
internal static unsafe class CudaError
{
    public const int InvalidValue = 1, OutOfMemory = 2, Unavailable = 46, NoDevice = 100, LaunchOutOfResources = 701, CooperativeTooLarge = 720;

    /// <summary>Throws when a call failed; a failure of work that was launched before may show here.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for what the driver needs.</exception>
    /// <exception cref="DeviceLostException">The context is gone: every later call would fail too.</exception>
    /// <exception cref="DeviceException">The call failed otherwise.</exception>
    public static void Check(CudaLibrary cuda, int status, string device, string call)
    {
        if (status == 0) return;
        string reason = $"{call}: {Name(cuda, status)}";
        throw status switch
        {
            OutOfMemory => new DeviceMemoryException(device, call),
            _ when IsLost(status) => new DeviceLostException(device, reason),
            _ => new DeviceException($"{device} refuses a call ({reason}); update its driver or use --device cpu"),
        };
    }

    /// <summary>Whether a module was refused: no image, one for another GPU, or PTX that the driver does not translate.</summary>
    public static bool IsModule(int status) => status is 200 or 209 or 218 or 221 or 222 or 223 or 300 or 301;

    /// <summary>A code's name and the driver's words for it.</summary>
    public static string Name(CudaLibrary cuda, int status)
    {
        byte* name = null, words = null;
        if (cuda.GetErrorName(status, &name) != 0 || name is null) return $"CUDA error {status}";
        string text = Marshal.PtrToStringUTF8((nint)name)!;
        return cuda.GetErrorString(status, &words) == 0 && words is not null ? $"{text}, {Marshal.PtrToStringUTF8((nint)words)}" : text;
    }

    // driver shut down; device unavailable or gone; ECC, NVLink; faults of a kernel, time-out, assertion; unknown
    private static bool IsLost(int status) =>
        status is 3 or 4 or 46 or 101 or 201 or 214 or 220 or 226 or 700 or 702 or 709 or 710 or (>= 714 and <= 719) or 721 or 999;
}
