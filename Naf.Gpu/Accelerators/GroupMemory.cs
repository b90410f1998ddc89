using System.Runtime.CompilerServices;
using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// Shared memory of a thread group. An entry point names it by a type parameter, for which <see cref="GpuDevice.Load"/>
/// puts what the device needs: CUDA takes its size at the launch, OpenCL and the CPU accelerator when a kernel
/// is compiled.
/// </summary>
internal interface IGroupMemory
{
    /// <summary>The whole of it. To be called once, first in the entry point.</summary>
    static abstract ArrayView<T> Allocate<T>() where T : unmanaged;
}

/// <summary>As many bytes as the launch says.</summary>
internal readonly struct DynamicMemory : IGroupMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.GetDynamic<T>();
}

/// <summary>A size that a kernel is compiled with.</summary>
internal readonly struct StaticMemory<TSize> : IGroupMemory where TSize : struct, IMemorySize
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged =>
        SharedMemory.Allocate<T>(TSize.Bytes / Interop.SizeOf<T>());
}

/// <summary>A number of bytes as a type.</summary>
internal interface IMemorySize
{
    static abstract int Bytes { get; }
}

internal readonly struct Size4K : IMemorySize { public static int Bytes => 4 << 10; }
internal readonly struct Size16K : IMemorySize { public static int Bytes => 16 << 10; }
internal readonly struct Size32K : IMemorySize { public static int Bytes => 32 << 10; }
// all that many GPUs have
internal readonly struct Size48K : IMemorySize { public static int Bytes => 48 << 10; }
internal readonly struct Size64K : IMemorySize { public static int Bytes => 64 << 10; }
// the processor as an OpenCL device
internal readonly struct Size256K : IMemorySize { public static int Bytes => 256 << 10; }
