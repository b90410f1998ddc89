namespace Naf.Gpu;

/// <summary>Where learners live and kernels run. Owns its threads (CPU) or its context (GPU).</summary>
public abstract class Device : IDisposable
{
    /// <summary>What the device is.</summary>
    public abstract DeviceInfo Info { get; }

    /// <inheritdoc/>
    public abstract void Dispose();
}
