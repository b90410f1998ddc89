using ILGPU;
using ILGPU.Runtime;

namespace Naf.Gpu.Accelerators;

/// <summary>An array on a GPU device, zero-initialised; live buffers are counted.</summary>
internal sealed unsafe class DeviceBuffer<T> : IDisposable where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _memory;

    internal DeviceBuffer(GpuDevice device, long length) =>
        (Device, Length, _memory) = (device, length, device.AllocateMemory<T>(length));

    public GpuDevice Device { get; }

    /// <summary>Number of elements; may be 0.</summary>
    public long Length { get; }

    /// <summary>The elements as a kernel argument.</summary>
    public ArrayView<T> View => Memory.View.BaseView.SubView(0, Length);

    private MemoryBuffer1D<T, Stride1D.Dense> Memory =>
        _memory is { IsDisposed: false } memory ? memory : throw new ObjectDisposedException(nameof(DeviceBuffer<T>));

    /// <summary>Copies host memory to the buffer; the host memory may be reused on return.</summary>
    /// <exception cref="ArgumentException">The elements do not fit into the buffer.</exception>
    public void Upload(ReadOnlySpan<T> from, long offset = 0)
    {
        ArrayView<T> part = Part(offset, from.Length);
        if (from.IsEmpty) return;
        // ILGPU pins the memory only during its call, and the copy may take longer
        fixed (T* first = from) Device.Upload(part, first, from.Length);
    }

    /// <summary>Copies the buffer to host memory, after all work launched before.</summary>
    /// <exception cref="ArgumentException">The range is not within the buffer.</exception>
    public void Download(Span<T> to, long offset = 0)
    {
        ArrayView<T> part = Part(offset, to.Length);
        if (to.IsEmpty) return;
        fixed (T* first = to) Device.Download(part, first, to.Length);
    }

    public T[] ToArray()
    {
        var all = new T[Length];
        Download(all);
        return all;
    }

    /// <summary>Copies elements from another buffer of the same device.</summary>
    /// <exception cref="ArgumentException">A range is not within its buffer, or the devices differ.</exception>
    public void CopyFrom(DeviceBuffer<T> from, long fromOffset, long offset, long count)
    {
        if (from.Device != Device)
            throw new ArgumentException($"the buffer is on {from.Device.Info.Name} and the copy on {Device.Info.Name}; "
                + "allocate both on one device");
        (ArrayView<T> source, ArrayView<T> target) = (from.Part(fromOffset, count), Part(offset, count));
        if (count > 0) Device.Run("copy", stream => target.CopyFrom(stream, source));
    }

    public void Fill(byte value)
    {
        MemoryBuffer1D<T, Stride1D.Dense> memory = Memory;
        Device.Run("fill", stream => memory.MemSet(stream, value, 0, memory.LengthInBytes));
    }

    /// <summary>Frees the memory after the work launched before has used it.</summary>
    public void Dispose()
    {
        MemoryBuffer1D<T, Stride1D.Dense>? memory = Interlocked.Exchange(ref _memory, null);
        if (memory is not null) Device.FreeMemory(memory);
    }

    private ArrayView<T> Part(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset + count > Length)
            throw new ArgumentException($"elements {offset} .. {offset + count - 1} are not within the "
                + $"buffer's {Length} on {Device.Info.Name}");
        return Memory.View.BaseView.SubView(offset, count);
    }
}
