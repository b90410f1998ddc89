using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>The threads that work on one item of a kernel: a device's thread group, or one thread of C#.</summary>
internal interface IThreadGroup
{
    /// <summary>Index of this thread, from 0.</summary>
    int Index { get; }

    /// <summary>Number of threads.</summary>
    int Size { get; }

    /// <summary>Waits for all threads; their earlier writes are then visible.</summary>
    void Barrier();
}

internal readonly struct DeviceGroup : IThreadGroup
{
    public int Index => Group.IdxX;

    public int Size => Group.DimX;

    public void Barrier() => Group.Barrier();
}

/// <summary>One thread that runs a kernel's body as plain C#: the reference in float, the oracle in double.</summary>
internal readonly struct SingleThread : IThreadGroup
{
    public int Index => 0;

    public int Size => 1;

    public void Barrier()
    {
    }
}
