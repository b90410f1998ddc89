using System.Runtime.CompilerServices;
using ILGPU;

namespace Naf.Kernels.Scalar;

/// <summary>A strided vector within an array, such as one row of a tile [entry][rows].</summary>
internal readonly struct Column<T>(ArrayView<T> array, int first, int stride) where T : unmanaged
{
    public ref T this[int i]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref array[first + i * stride];
    }

    /// <summary>The vector from entry i on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Column<T> From(int i) => new(array, first + i * stride, stride);
}
