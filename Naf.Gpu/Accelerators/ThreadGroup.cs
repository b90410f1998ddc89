using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// The threads that work together on one item of a kernel: a thread group of a device, or one thread of plain C#.
/// </summary>
internal interface IThreadGroup
{
    /// <summary>Which of them this thread is, from 0.</summary>
    int Index { get; }

    /// <summary>How many they are.</summary>
    int Size { get; }

    /// <summary>Waits until all have come here; what they wrote before can be read after.</summary>
    void Barrier();
}

internal readonly struct DeviceGroup : IThreadGroup
{
    public int Index => Group.IdxX;

    public int Size => Group.DimX;

    public void Barrier() => Group.Barrier();
}

/// <summary>One thread, for which a kernel's body is plain C#: the reference in float, the oracle in double.</summary>
internal readonly struct SingleThread : IThreadGroup
{
    public int Index => 0;

    public int Size => 1;

    public void Barrier()
    {
    }
}
