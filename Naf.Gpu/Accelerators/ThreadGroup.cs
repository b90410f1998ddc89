using System.Runtime.CompilerServices;
using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>The threads that work together on one item of a kernel: a thread group of a device, or one thread of plain C#.</summary>
public interface IThreadGroup
{
    /// <summary>Which of them this thread is, from 0.</summary>
    int Index { get; }

    /// <summary>How many they are.</summary>
    int Size { get; }

    /// <summary>Waits until all have come here; what they wrote before can be read after.</summary>
    void Barrier();
}

/// <summary>A thread group of a device.</summary>
public readonly struct DeviceGroup : IThreadGroup
{
    /// <inheritdoc/>
    public int Index
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX;
    }

    /// <inheritdoc/>
    public int Size
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.DimX;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Barrier() => Group.Barrier();
}

/// <summary>One thread, for which a kernel's body is plain C#: the reference in float, the oracle in double.</summary>
public readonly struct SingleThread : IThreadGroup
{
    /// <inheritdoc/>
    public int Index => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public void Barrier()
    {
    }
}
