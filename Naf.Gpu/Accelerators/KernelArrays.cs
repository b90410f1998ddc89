using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>Where the arrays of a kernel's arguments are put: in a scope of a device, or on the host.</summary>
internal interface IKernelArrays
{
    /// <summary>A copy of these elements, which lives as long as what it was put into.</summary>
    ArrayView<T> Put<T>(ReadOnlySpan<T> elements) where T : unmanaged;
}

/// <summary>Arrays of the host, for running a body as plain C#.</summary>
internal sealed class HostArrays : IKernelArrays, IDisposable
{
    private readonly List<IDisposable> _arrays = [];

    public ArrayView<T> Put<T>(ReadOnlySpan<T> elements) where T : unmanaged => Add(new HostArray<T>(elements)).View;

    /// <summary>An array whose elements can be read and written.</summary>
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
