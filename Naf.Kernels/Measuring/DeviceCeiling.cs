using System.Runtime.Intrinsics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>What a device reaches at best, measured: the floor under every kernel's time.</summary>
/// <param name="GflopPerSecond">float32 products and sums, two operations each, without memory.</param>
/// <param name="GigabytesPerSecond">Bytes read and written by a copy that is larger than the caches.</param>
public sealed record DeviceCeiling(double GflopPerSecond, double GigabytesPerSecond)
{
    private const int GpuThreads = 256, GpuChains = 8, GpuTurns = 256;

    /// <summary>Measures a device.</summary>
    /// <param name="seconds">Seconds for each of the two.</param>
    /// <param name="bytes">Size of what is copied: larger than the caches.</param>
    public static DeviceCeiling Measure(Device device, double seconds = 0.5, long bytes = 256L << 20) =>
        device is GpuDevice gpu ? OfGpu(gpu, seconds, bytes) : OfCpu((CpuDevice)device, seconds, bytes);

    /// <summary>The kernels.</summary>
    internal static KernelSource Source => KernelSource.Load(typeof(DeviceCeiling).Assembly, "Ceiling.gpu.c", [new("THREADS", GpuThreads)]);

    private static DeviceCeiling OfGpu(GpuDevice device, double seconds, long bytes)
    {
        DeviceProgram program = device.Compile(Source);
        // a launch of about a millisecond
        int groups = 16 * device.Limits.Units, rounds = bytes > 1 << 20 ? 64 : 1;
        long floats = Math.Min(device.Limits.BufferBytes, bytes) / sizeof(float);
        using DeviceBuffer<float> sums = device.Allocate<float>((long)groups * GpuThreads);
        using DeviceBuffer<float> from = device.Allocate<float>(floats), to = device.Allocate<float>(floats);
        var shape = new LaunchShape(groups, GpuThreads);
        double arithmetic = Rate(() => device.Launch(program["ceiling_arithmetic"], shape, sums, rounds, 0.999f));
        double copy = Rate(() => device.Launch(program["ceiling_copy"], shape, from, to, (ulong)floats));
        return new DeviceCeiling(
            arithmetic * 2 * GpuChains * GpuTurns * rounds * groups * GpuThreads * 1e-9, copy * 2 * sizeof(float) * floats * 1e-9);

        double Rate(Action launch)
        {
            BenchmarkRounds.Time(launch, device.Synchronize, seconds / 10, 1);
            return BenchmarkRounds.Time(launch, device.Synchronize, seconds, 3).Max();
        }
    }

    private static unsafe DeviceCeiling OfCpu(CpuDevice device, double seconds, long bytes)
    {
        const int Turns = 1 << 16;
        WorkTeam team = device.Team;
        long share = bytes / sizeof(float) / team.Threads;
        using var from = new HostBuffer(share * team.Threads);
        using var to = new HostBuffer(share * team.Threads);
        var sums = new float[64 * team.Threads];
        Action<int> arithmetic = member => sums[64 * member] = CpuDevice.RegisterFloats switch
        {
            16 => Sums<Lanes512, Vector512<float>>(Turns),
            8 => Sums<Lanes256, Vector256<float>>(Turns),
            _ => Sums<Lanes128, Vector128<float>>(Turns),
        };
        Action<int> copy = member => Buffer.MemoryCopy(from.Pointer + member * share, to.Pointer + member * share, share * 4, share * 4);
        double perCall = 2.0 * 10 * Turns * CpuDevice.RegisterFloats * team.Threads;
        return new DeviceCeiling(Rate(arithmetic) * perCall * 1e-9, Rate(copy) * 2 * sizeof(float) * share * team.Threads * 1e-9);

        double Rate(Action<int> work)
        {
            Action once = team.Threads == 1 ? () => work(0) : () => team.Run(work);
            BenchmarkRounds.Time(once, () => { }, seconds / 5, 1);
            return BenchmarkRounds.Time(once, () => { }, seconds, 3).Max();
        }
    }

    // ten independent sums: two a cycle, four cycles each, and some to spare
    private static unsafe float Sums<TLanes, TVector>(int turns)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector factor = TLanes.All(0.999f), half = TLanes.All(0.5f);
        TVector a = half, b = half, c = half, d = half, e = half, f = half, g = half, h = half, i = half, j = half;
        for (int turn = 0; turn < turns; turn++)
        {
            a = TLanes.MultiplyAdd(a, factor, half);
            b = TLanes.MultiplyAdd(b, factor, half);
            c = TLanes.MultiplyAdd(c, factor, half);
            d = TLanes.MultiplyAdd(d, factor, half);
            e = TLanes.MultiplyAdd(e, factor, half);
            f = TLanes.MultiplyAdd(f, factor, half);
            g = TLanes.MultiplyAdd(g, factor, half);
            h = TLanes.MultiplyAdd(h, factor, half);
            i = TLanes.MultiplyAdd(i, factor, half);
            j = TLanes.MultiplyAdd(j, factor, half);
        }
        TVector sum = TLanes.Add(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), TLanes.Add(TLanes.Add(e, f), TLanes.Add(g, h)));
        float* floats = stackalloc float[16];
        TLanes.Store(floats, TLanes.Add(sum, TLanes.Add(i, j)));
        return floats[0];
    }
}
