namespace Naf.Gpu.Devices;

/// <summary>What is known about a device before it is opened.</summary>
/// <param name="Name">Value of the setting <c>device</c>, such as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Kind"><c>cpu</c>, <c>cuda</c> or <c>opencl</c>.</param>
/// <param name="Memory">Usable memory, in bytes.</param>
/// <param name="Units">Compute units: cores on a CPU, multiprocessors on a GPU.</param>
/// <param name="Instructions">For a CPU its widest vector instructions, for a GPU the compiler and its target.</param>
/// <param name="Reason">Why it is not usable, with the remedy; empty if usable.</param>
/// <param name="Driver">The driver and its version; empty on a CPU.</param>
/// <param name="IsGpu">Whether it is a GPU: an OpenCL device may be a CPU.</param>
internal sealed record DeviceInfo(
    string Name, string Kind, string Description, long Memory, int Units, string Instructions, bool Usable,
    string Reason = "", string Driver = "", bool IsGpu = false);
