namespace Naf.Gpu;

/// <summary>Memory on a GPU device, counted while it lives.</summary>
public abstract class DeviceBuffer : IDisposable
{
    private nint _handle;

    private protected DeviceBuffer(GpuDevice device, long bytes, Type element)
    {
        (Device, Bytes, Element) = (device, bytes, element);
        _handle = device.Take(this);
    }

    /// <summary>Where the memory is.</summary>
    public GpuDevice Device { get; }

    /// <summary>Bytes of the buffer.</summary>
    public long Bytes { get; }

    /// <summary>The type of its elements.</summary>
    public Type Element { get; }

    internal nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(DeviceBuffer));

    /// <summary>Frees the memory once the work that was launched before has used it.</summary>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0) Device.GiveBack(this, handle);
    }
}

/// <summary>An array on a GPU device, zeroed at birth.</summary>
/// <typeparam name="T">float, double, int, uint, long or ulong: as the kernel's parameter says.</typeparam>
public sealed unsafe class DeviceBuffer<T> : DeviceBuffer where T : unmanaged
{
    internal DeviceBuffer(GpuDevice device, long length) : base(device, Math.Max(length, 1) * sizeof(T), typeof(T)) => Length = length;

    /// <summary>Number of elements; may be 0.</summary>
    public long Length { get; }

    /// <summary>Writes host memory into the buffer; the host memory may be used again when this returns.</summary>
    /// <param name="offset">First element that is written.</param>
    /// <exception cref="ArgumentException">The elements do not fit.</exception>
    public void Upload(ReadOnlySpan<T> from, long offset = 0)
    {
        Check(offset, from.Length);
        if (from.IsEmpty) return;
        fixed (T* p = from) Device.Write(this, offset * sizeof(T), p, (long)from.Length * sizeof(T));
    }

    /// <summary>Reads the buffer into host memory, after all work that was launched before.</summary>
    /// <param name="offset">First element that is read.</param>
    /// <exception cref="ArgumentException">The elements are not there.</exception>
    public void Download(Span<T> to, long offset = 0)
    {
        Check(offset, to.Length);
        if (to.IsEmpty) return;
        fixed (T* p = to) Device.Read(this, offset * sizeof(T), p, (long)to.Length * sizeof(T));
    }

    /// <summary>The whole buffer on the host.</summary>
    public T[] ToArray()
    {
        var all = new T[Length];
        Download(all);
        return all;
    }

    /// <summary>Copies elements from another buffer of the same device.</summary>
    /// <exception cref="ArgumentException">The elements are not there, do not fit, or are elsewhere.</exception>
    public void CopyFrom(DeviceBuffer<T> from, long fromOffset, long offset, long count)
    {
        if (from.Device != Device) throw new ArgumentException($"the buffer is on {from.Device.Info.Name} and the copy on {Device.Info.Name}");
        from.Check(fromOffset, count);
        Check(offset, count);
        if (count > 0) Device.Copy(from, fromOffset * sizeof(T), this, offset * sizeof(T), count * sizeof(T));
    }

    /// <summary>Sets every byte.</summary>
    public void Fill(byte value) => Device.Fill(this, value);

    private void Check(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset + count > Length)
            throw new ArgumentException($"elements {offset} .. {offset + count - 1} are not within the buffer's {Length} on {Device.Info.Name}");
    }
}
