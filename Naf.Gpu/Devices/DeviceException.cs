namespace Naf.Gpu.Devices;

/// <summary>
/// A device was asked for that is not there, cannot be used, or failed; the message names the remedy.
/// </summary>
public class DeviceException(string message) : Exception(message);

/// <summary>The device has not so much memory left.</summary>
internal sealed class DeviceMemoryException(string device, string lack) : DeviceException(
    $"{device} has no {lack}; use fewer learners or smaller sizes (replay_capacity), or device=cpu");

internal sealed class KernelCompileException(string device, string kernel, string log) : DeviceException(
    $"the kernel {kernel} does not compile on {device}; update its driver or use device=cpu. "
    + $"The compiler's log:\n{log}");

/// <summary>
/// The device is gone or hung: all that it held is lost, and every later call of this process fails too.
/// </summary>
internal sealed class DeviceLostException(string device, string reason) : DeviceException(
    $"{device} was lost ({reason}); resume the run from its last checkpoint in a new process, "
    + "on another device if it happens again");
