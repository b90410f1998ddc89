using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Naf.Gpu.Accelerators;

/// <summary>An array of the host, zeroed, in the form in which kernels take arrays: for their bodies run as plain C#.</summary>
/// <typeparam name="T">A number.</typeparam>
public sealed class HostArray<T> : IDisposable where T : unmanaged
{
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _memory;

    /// <param name="length">Number of elements; may be 0.</param>
    public HostArray(int length)
    {
        Length = length;
        _memory = GpuContext.Shared.Context.GetImplicitCPUAccelerator().Allocate1D<T>(Math.Max(length, 1));
        Span.Clear();
    }

    /// <summary>An array with these elements.</summary>
    public HostArray(ReadOnlySpan<T> elements) : this(elements.Length) => elements.CopyTo(Span);

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>The elements as kernels take them.</summary>
    public ArrayView<T> View => _memory.View.BaseView.SubView(0, Length);

    /// <summary>The elements.</summary>
    public unsafe Span<T> Span => new((void*)_memory.NativePtr, Length);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
