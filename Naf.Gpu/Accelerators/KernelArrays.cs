using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>Allocates the arrays of a kernel's arguments: in a device's scope, or on the host.</summary>
internal interface IKernelArrays
{
    /// <summary>A copy of the elements, which lives as long as its allocator.</summary>
    ArrayView<T> Put<T>(ReadOnlySpan<T> elements) where T : unmanaged;
}

/// <summary>Host arrays, for running kernel bodies as plain C#.</summary>
internal sealed class HostArrays : IKernelArrays, IDisposable
{
    private readonly List<IDisposable> _arrays = [];

    public ArrayView<T> Put<T>(ReadOnlySpan<T> elements) where T : unmanaged => Add(new HostArray<T>(elements)).View;

    /// <summary>Adds an array, whose elements the host can read and write.</summary>
    public HostArray<T> Add<T>(HostArray<T> array) where T : unmanaged
    {
        _arrays.Add(array);
        return array;
    }

    public void Dispose()
    {
        foreach (IDisposable array in _arrays) array.Dispose();
    }
}
