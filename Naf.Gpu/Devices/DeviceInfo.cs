namespace Naf.Gpu.Devices;

/// <summary>What is known of a device before it is opened.</summary>
/// <param name="Name">The name that the setting <c>device</c> takes, such as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Kind"><c>cpu</c>, <c>cuda</c> or <c>opencl</c>.</param>
/// <param name="Memory">Bytes of memory that it can use.</param>
/// <param name="Units">Compute units: cores on a CPU, multiprocessors on a GPU.</param>
/// <param name="Instructions">
/// How kernels reach it: the widest vector instructions of a CPU, the compiler and its target on a GPU.
/// </param>
/// <param name="Reason">Why it cannot, with the remedy; empty when usable.</param>
/// <param name="Driver">The driver and its version; empty on a CPU.</param>
/// <param name="IsGpu">Whether it is a GPU: an OpenCL device may be a CPU.</param>
internal sealed record DeviceInfo(
    string Name, string Kind, string Description, long Memory, int Units, string Instructions, bool Usable,
    string Reason = "",
    string Driver = "", bool IsGpu = false);
