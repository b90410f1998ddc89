namespace Naf.Gpu.Devices;

/// <summary>A requested device is missing, unusable or has failed; the message names the remedy.</summary>
public class DeviceException(string message) : Exception(message);

/// <summary>The device does not have enough free memory.</summary>
internal sealed class DeviceMemoryException(string device, string lack) : DeviceException(
    $"{device} has no {lack}; use fewer learners or smaller sizes (replay_capacity), or device=cpu");

internal sealed class KernelCompileException(string device, string kernel, string log) : DeviceException(
    $"the kernel {kernel} does not compile on {device}; update its driver or use device=cpu. "
    + $"The compiler's log:\n{log}");

/// <summary>The device failed or hangs: its contents are lost, and all later calls of the process fail.</summary>
internal sealed class DeviceLostException(string device, string reason) : DeviceException(
    $"{device} was lost ({reason}); resume the run from its last checkpoint in a new process, "
    + "on another device if it happens again");
