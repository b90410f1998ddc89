namespace Naf.Gpu.Devices;

/// <summary>Where learners live and kernels run. Owns its threads (CPU) or its context (GPU).</summary>
internal abstract class Device : IDisposable
{
    public abstract DeviceInfo Info { get; }

    /// <summary>What <c>auto</c> passed over to come here, in one sentence for the user; otherwise empty.</summary>
    public string Note { get; internal set; } = "";

    public abstract void Dispose();
}
