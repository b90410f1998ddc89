using System.Runtime.CompilerServices;
using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// Shared memory of a thread group. An entry point names it by a type parameter, for which <see cref="GpuDevice.Load"/> puts what the device needs:
/// CUDA takes its size at the launch, OpenCL and the CPU accelerator when a kernel is compiled.
/// </summary>
public interface IGroupMemory
{
    /// <summary>The whole of it. To be called once, first in the entry point.</summary>
    static abstract ArrayView<T> Allocate<T>() where T : unmanaged;
}

/// <summary>As many bytes as the launch says.</summary>
public readonly struct DynamicMemory : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.GetDynamic<T>();
}

/// <summary>4 KiB.</summary>
public readonly struct Memory4K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((4 << 10) / Interop.SizeOf<T>());
}

/// <summary>16 KiB.</summary>
public readonly struct Memory16K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((16 << 10) / Interop.SizeOf<T>());
}

/// <summary>32 KiB.</summary>
public readonly struct Memory32K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((32 << 10) / Interop.SizeOf<T>());
}

/// <summary>48 KiB, all that many GPUs have.</summary>
public readonly struct Memory48K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((48 << 10) / Interop.SizeOf<T>());
}

/// <summary>64 KiB.</summary>
public readonly struct Memory64K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((64 << 10) / Interop.SizeOf<T>());
}

/// <summary>256 KiB: the processor as an OpenCL device.</summary>
public readonly struct Memory256K : IGroupMemory
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.Allocate<T>((256 << 10) / Interop.SizeOf<T>());
}
