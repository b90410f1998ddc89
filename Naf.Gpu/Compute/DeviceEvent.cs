namespace Naf.Gpu;

/// <summary>A mark in the order of a device's work.</summary>
public abstract class DeviceEvent : IDisposable
{
    /// <summary>Waits until the device has come to the mark.</summary>
    /// <exception cref="DeviceLostException">The device failed before.</exception>
    public abstract void Wait();

    /// <summary>Milliseconds of the device between an earlier mark and this one; waits for both.</summary>
    public abstract double MillisecondsSince(DeviceEvent earlier);

    /// <inheritdoc/>
    public abstract void Dispose();
}
