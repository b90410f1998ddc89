using ILGPU;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Accelerators;

/// <summary>Buffers of a GPU device that are freed together.</summary>
internal sealed class BufferScope(GpuDevice device) : IKernelArrays, IDisposable
{
    private readonly HashSet<IDisposable> _buffers = [];

    public GpuDevice Device => device;

    /// <summary>Runs a constructor that allocates in a scope; if it throws, the scope is freed.</summary>
    public static T Construct<T>(GpuDevice device, Func<BufferScope, T> constructor)
    {
        var scope = new BufferScope(device);
        try
        {
            return constructor(scope);
        }
        catch
        {
            scope.Dispose();
            throw;
        }
    }

    public DeviceBuffer<T> Allocate<T>(long length) where T : unmanaged => Add(device.Allocate<T>(length));

    public DeviceBuffer<T> Allocate<T>(ReadOnlySpan<T> elements) where T : unmanaged => Add(device.Allocate(elements));

    public ArrayView<T> Put<T>(ReadOnlySpan<T> elements) where T : unmanaged => Allocate(elements).View;

    /// <summary>Replaces a buffer of fewer than <paramref name="length"/> elements; its contents are lost.</summary>
    /// <exception cref="DeviceMemoryException">The device has no memory for it; the old buffer stays.</exception>
    public DeviceBuffer<T> EnsureCapacity<T>(ref DeviceBuffer<T> buffer, long length) where T : unmanaged
    {
        if (buffer.Length >= length) return buffer;
        DeviceBuffer<T> larger = Allocate<T>(length);
        Free(buffer);
        return buffer = larger;
    }

    public void Free(IDisposable buffer)
    {
        _buffers.Remove(buffer);
        buffer.Dispose();
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in _buffers) buffer.Dispose();
        _buffers.Clear();
    }

    private DeviceBuffer<T> Add<T>(DeviceBuffer<T> buffer) where T : unmanaged
    {
        _buffers.Add(buffer);
        return buffer;
    }
}
