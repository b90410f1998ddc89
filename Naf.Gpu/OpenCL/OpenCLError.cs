namespace Naf.Gpu;

/// <summary>OpenCL's status codes in words.</summary>
internal static class OpenCLError
{
    public const int OutOfMemory = -4, OutOfResources = -5, OutOfHostMemory = -6, InvalidBinary = -42, BufferTooLarge = -61;

    /// <summary>Throws when a call failed; a failure of work that was launched before may show here.</summary>
    /// <exception cref="DeviceLostException">The device failed.</exception>
    public static void Check(int status, string device, string call)
    {
        if (status == 0) return;
        throw new DeviceLostException(device, $"{call}: {Name(status)}");
    }

    /// <summary>Whether the code means that memory ran out.</summary>
    public static bool IsMemory(int status) => status is OutOfMemory or OutOfResources or OutOfHostMemory or BufferTooLarge;

    /// <summary>A code's name.</summary>
    public static string Name(int status) => status switch
    {
        -1 => "no such device",
        -2 => "the device is not available",
        OutOfMemory => "out of device memory",
        OutOfResources => "out of resources",
        OutOfHostMemory => "out of host memory",
        -11 => "the program does not build",
        -14 => "work before it failed",
        -34 => "the context is not valid",
        -36 => "the queue is not valid",
        -48 => "the kernel is not valid",
        -51 => "an argument has the wrong size",
        -52 => "the arguments are not all set",
        -54 => "the group is too large",
        _ => $"OpenCL error {status}",
    };
}
