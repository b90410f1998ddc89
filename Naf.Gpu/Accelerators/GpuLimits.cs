namespace Naf.Gpu.Accelerators;

/// <summary>What a GPU device can do; kernels are shaped by it.</summary>
/// <param name="Units">Multiprocessors or compute units.</param>
/// <param name="SharedBytes">Shared memory that one group may take.</param>
/// <param name="Cooperative">
/// Whether the groups of one launch can be made to run all at the same time, so that they may wait for each other.
/// </param>
internal sealed record GpuLimits(
    int Units, int GroupThreads, int SharedBytes, long MemoryBytes, long BufferBytes, bool HasDouble, bool Cooperative);
