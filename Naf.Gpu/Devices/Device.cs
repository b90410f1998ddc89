namespace Naf.Gpu.Devices;

/// <summary>A device that holds learners and runs kernels. Owns its threads (CPU) or its context (GPU).</summary>
internal abstract class Device : IDisposable
{
    public abstract DeviceInfo Info { get; }

    /// <summary>Why <c>auto</c> skipped better devices, in one sentence for the user; otherwise empty.</summary>
    public string Note { get; internal set; } = "";

    public abstract void Dispose();
}
