namespace Naf.Gpu;

/// <summary>A device was asked for that is not there or cannot be used; the message names the remedy.</summary>
public sealed class DeviceException(string message) : Exception(message);

/// <summary>What is known of a device before it is opened.</summary>
/// <param name="Name">The name that `--device` takes, such as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Kind"><c>cpu</c>, <c>cuda</c> or <c>opencl</c>.</param>
/// <param name="Description">The hardware in words.</param>
/// <param name="Memory">Bytes of memory that it can use.</param>
/// <param name="Units">Compute units: cores on a CPU.</param>
/// <param name="Instructions">How kernels reach it, such as the widest vector instructions of a CPU.</param>
/// <param name="Usable">Whether it can be opened.</param>
/// <param name="Reason">Why it cannot, with the remedy; empty when usable.</param>
public sealed record DeviceInfo(
    string Name, string Kind, string Description, long Memory, int Units, string Instructions, bool Usable, string Reason = "");

/// <summary>Where learners live and kernels run. Owns its threads (CPU) or its context (GPU).</summary>
public abstract class Device : IDisposable
{
    /// <summary>What the device is.</summary>
    public abstract DeviceInfo Info { get; }

    /// <inheritdoc/>
    public abstract void Dispose();
}
