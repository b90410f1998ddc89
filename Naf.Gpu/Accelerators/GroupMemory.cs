using System.Runtime.CompilerServices;
using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// Shared memory of a thread group. Entry points take it as a type parameter, which <see cref="GpuDevice.Load"/>
/// replaces by the type for the device: CUDA sets the size at launch, OpenCL and the CPU accelerator at compile time.
/// </summary>
internal interface IGroupMemory
{
    /// <summary>Allocates all of it. Called once, at the start of the entry point.</summary>
    static abstract ArrayView<T> Allocate<T>() where T : unmanaged;
}

/// <summary>Memory whose size the launch sets.</summary>
internal readonly struct DynamicMemory : IGroupMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<T> Allocate<T>() where T : unmanaged => SharedMemory.GetDynamic<T>();
}

/// <summary>Memory whose size is fixed at compile time.</summary>
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
// the limit of many GPUs
internal readonly struct Size48K : IMemorySize { public static int Bytes => 48 << 10; }
internal readonly struct Size64K : IMemorySize { public static int Bytes => 64 << 10; }
// a CPU as an OpenCL device
internal readonly struct Size256K : IMemorySize { public static int Bytes => 256 << 10; }
