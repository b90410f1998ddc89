namespace Naf.Gpu;

/// <summary>How a kernel is launched, in one dimension.</summary>
/// <param name="Groups">Work-groups (blocks), at least 1.</param>
/// <param name="Threads">Threads of a group: the kernel's own number, as KERNEL(threads) in its source says.</param>
/// <param name="SharedBytes">Bytes that the kernel's SHARED array takes; 0 when it has none.</param>
/// <param name="Cooperative">All groups run at the same time and may wait for each other; refused where the device cannot.</param>
public readonly record struct LaunchShape(int Groups, int Threads, int SharedBytes = 0, bool Cooperative = false);
