using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Naf.Gpu.Accelerators;

/// <summary>A zero-initialised host array as a kernel argument, for kernel bodies run as plain C#.</summary>
internal sealed class HostArray<T> : IDisposable where T : unmanaged
{
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _memory;

    /// <param name="length">Number of elements; may be 0.</param>
    public HostArray(int length)
    {
        Length = length;
        _memory = GpuContext.Shared.Context.GetImplicitCPUAccelerator().Allocate1D<T>(Math.Max(length, 1));
        Span.Clear();
    }

    public HostArray(ReadOnlySpan<T> elements) : this(elements.Length) => elements.CopyTo(Span);

    public int Length { get; }

    /// <summary>The elements as a kernel argument.</summary>
    public ArrayView<T> View => _memory.View.BaseView.SubView(0, Length);

    public unsafe Span<T> Span => new((void*)_memory.NativePtr, Length);

    public void Dispose() => _memory.Dispose();
}
