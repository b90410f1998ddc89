namespace Naf.Gpu.Devices;

/// <summary>A device was asked for that is not there, cannot be used, or failed; the message names the remedy.</summary>
public class DeviceException(string message) : Exception(message);

/// <summary>The device has not so much memory left.</summary>
public sealed class DeviceMemoryException : DeviceException
{
    private const string Remedy = "use fewer learners or smaller sizes (replay_capacity), or --device cpu";

    /// <param name="device">Its name.</param>
    /// <param name="bytes">Bytes that were asked for.</param>
    /// <param name="live">Bytes that this process holds there.</param>
    /// <param name="capacity">Bytes that it has, or that one buffer may have.</param>
    public DeviceMemoryException(string device, long bytes, long live, long capacity)
        : base($"{device} has no room for a buffer of {bytes:N0} bytes beside the {live:N0} in use (of {capacity:N0}); {Remedy}") => Bytes = bytes;

    /// <param name="device">Its name.</param>
    /// <param name="call">The driver's function that needs memory.</param>
    public DeviceMemoryException(string device, string call) : base($"{device} has no memory left for {call}; {Remedy}")
    {
    }

    /// <summary>Bytes that were asked for; 0 where the driver needs them for itself.</summary>
    public long Bytes { get; }
}

/// <summary>A kernel did not compile.</summary>
public sealed class KernelCompileException(string device, string kernel, string log) : DeviceException(
    $"the kernel {kernel} does not compile on {device}; update its driver or use --device cpu. The compiler's log:\n{log}")
{
    /// <summary>The compiler's log.</summary>
    public string Log { get; } = log;
}

/// <summary>The device is gone or hung: all that it held is lost, and every later call of this process fails too.</summary>
public sealed class DeviceLostException(string device, string reason) : DeviceException(
    $"{device} was lost ({reason}); resume the run from its last checkpoint in a new process (naf train --resume), "
    + "on another device if it happens again");
