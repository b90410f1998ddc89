namespace Naf.Gpu.Accelerators;

/// <summary>Limits of a GPU device, which determine the shapes of kernels.</summary>
/// <param name="Units">Multiprocessors or compute units.</param>
/// <param name="SharedBytes">Maximum shared memory of a group.</param>
/// <param name="Cooperative">Whether all groups of a launch can run concurrently and wait for each other.</param>
internal sealed record GpuLimits(
    int Units, int GroupThreads, int SharedBytes, long MemoryBytes, long BufferBytes, bool HasDouble, bool Cooperative);
