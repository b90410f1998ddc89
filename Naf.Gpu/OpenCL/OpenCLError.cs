namespace Naf.Gpu;

/// <summary>OpenCL's status codes in words.</summary>
internal static class OpenCLError
{
    public const int OutOfMemory = -4, OutOfResources = -5, OutOfHostMemory = -6, InvalidBinary = -42, BufferTooLarge = -61;

    /// <summary>Throws when a call failed; a failure of work that was launched before may show here.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for what the driver needs.</exception>
    /// <exception cref="DeviceLostException">The device failed: every later call would fail too.</exception>
    /// <exception cref="DeviceException">The call failed otherwise.</exception>
    public static void Check(int status, string device, string call)
    {
        if (status == 0) return;
        string reason = $"{call}: {Name(status)}";
        throw status switch
        {
            // out of resources while waiting or reading: NVIDIA's word for a kernel's fault
            _ when status != OutOfResources && IsMemory(status) => new DeviceMemoryException(device, call),
            _ when IsLost(status) => new DeviceLostException(device, reason),
            _ => new DeviceException($"{device} refuses a call ({reason}); update its driver or use --device cpu"),
        };
    }

    /// <summary>Throws when a launch failed.</summary>
    /// <exception cref="ArgumentException">The shape or the arguments do not fit the kernel or the device.</exception>
    /// <exception cref="DeviceException">As <see cref="Check"/> says.</exception>
    public static void CheckLaunch(int status, string device, string kernel, LaunchShape shape)
    {
        if (status is OutOfResources or (>= -55 and <= -52))
            throw new ArgumentException(
                $"kernel {kernel} cannot be launched as {shape} on {device} ({Name(status)}); use a smaller batch or --device cpu");
        Check(status, device, "clEnqueueNDRangeKernel");
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
        -53 => "the number of dimensions is not valid",
        -54 => "the group does not fit",
        -55 => "the group is too large",
        BufferTooLarge => "the buffer is too large",
        _ => $"OpenCL error {status}",
    };

    // device gone, work that failed, context or queue gone
    private static bool IsLost(int status) => status is -1 or -2 or -14 or -34 or -36 or OutOfResources;
}
