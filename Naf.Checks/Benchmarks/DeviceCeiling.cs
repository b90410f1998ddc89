using System.Runtime.Intrinsics;
using ILGPU.Runtime.Cuda;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Scalar;

namespace Naf.Checks.Benchmarks;

/// <summary>Measured peak rates of a device, which bound every kernel's time from below.</summary>
/// <param name="GflopPerSecond">float32 multiply-adds, two operations each, without memory access.</param>
/// <param name="GigabytesPerSecond">Bytes read and written by a copy that is larger than the caches.</param>
/// <param name="ProductGflopPerSecond">
/// cuBLAS product of a hidden layer of 128 minibatches, [8192, 200] by [200, 200] in float32; null without cuBLAS.
/// </param>
internal sealed record DeviceCeiling(
    double GflopPerSecond, double GigabytesPerSecond, double? ProductGflopPerSecond = null)
{
    // the product timed with cuBLAS
    private const int Rows = 8192, Depth = 200, Columns = 200;

    // independent vector sums on a CPU: two fused multiply-adds per cycle, four cycles of latency, limited by the
    // number of registers
    private static int Chains => Vector512.IsHardwareAccelerated ? 10 : 5;

    /// <param name="bytes">Bytes to copy: more than the caches hold.</param>
    public static DeviceCeiling Measure(Device device, double seconds = 0.5, long bytes = 256L << 20) =>
        device is GpuDevice gpu ? OfGpu(gpu, seconds, bytes) : OfCpu((CpuDevice)device, seconds, bytes);

    private static DeviceCeiling OfGpu(GpuDevice device, double seconds, long bytes)
    {
        // a launch of about a millisecond
        int threads = Math.Min(256, device.Limits.GroupThreads), groups = 16 * device.Limits.Units,
            turns = bytes > 1 << 20 ? 16384 : 256;
        long fours = Math.Min(device.Limits.BufferBytes, bytes) / (4 * sizeof(float));
        using DeviceBuffer<float> sums = device.Allocate<float>((long)groups * threads);
        using DeviceBuffer<float> from = device.Allocate<float>(4 * fours), to = device.Allocate<float>(4 * fours);
        DeviceKernel<ArithmeticArguments> arithmetic = device.Load<ArithmeticArguments>(
            CeilingKernels.Arithmetic, threads);
        DeviceKernel<CopyArguments> copy = device.Load<CopyArguments>(CeilingKernels.Copy, threads);
        var sum = new ArithmeticArguments { Sums = sums.View, Turns = turns, Factor = 0.999f };
        var all = new CopyArguments { From = from.View.Cast<Four<float>>(), To = to.View.Cast<Four<float>>() };
        return new DeviceCeiling(
            Rate(() => arithmetic.Launch(groups, sum)) * 2 * CeilingKernels.Chains * turns * groups * threads * 1e-9,
            Rate(() => copy.Launch(groups, all)) * 2 * 4 * sizeof(float) * fours * 1e-9, Product());

        double? Product()
        {
            using CuBlas? cublas = Cublas(device);
            if (cublas is null) return null;
            using DeviceBuffer<float> a = device.Allocate<float>(Rows * Depth),
                b = device.Allocate<float>(Depth * Columns);
            using DeviceBuffer<float> c = device.Allocate<float>(Rows * Columns);
            try
            {
                // cuBLAS is column-major: Cᵀ = Bᵀ Aᵀ
                return 2e-9 * Rows * Depth * Columns * Rate(() => cublas.Gemm(
                    CuBlasOperation.NonTranspose, CuBlasOperation.NonTranspose, Columns, Rows, Depth,
                    1f, b.View, Columns, a.View, Depth, 0f, c.View, Columns));
            }
            catch (CuBlasException error)
            {
                throw new DeviceException($"cuBLAS refuses a product ({error.Message}); update the driver");
            }
        }

        double Rate(Action launch) => Highest(launch, device.Synchronize, seconds);
    }

    // null if the device is not a CUDA device, or cuBLAS 10 to 12 is not installed
    private static CuBlas? Cublas(GpuDevice device)
    {
        try
        {
            return device.Cuda is { } accelerator ? new CuBlas(accelerator) : null;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or CuBlasException)
        {
            return null;
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
        Action<int> arithmetic = worker => sums[64 * worker] = Sums(Turns);
        Action<int> copy = worker => Buffer.MemoryCopy(from.Pointer + worker * share, to.Pointer + worker * share,
            share * 4, share * 4);
        double perCall = 2.0 * 16 * Chains * Turns * team.Threads;
        return new DeviceCeiling(Rate(arithmetic) * perCall * 1e-9,
            Rate(copy) * 2 * sizeof(float) * share * team.Threads * 1e-9);

        double Rate(Action<int> work) => Highest(() => team.Run(work), () => { }, seconds);
    }

    private static double Highest(Action once, Action finish, double seconds)
    {
        BenchmarkRounds.Time(once, finish, seconds / 5, 1);
        return BenchmarkRounds.Time(once, finish, seconds, 3).Max();
    }

    private static float Sums(int turns)
    {
        Vector512<float> factor = Vector512.Create(0.999f), half = Vector512.Create(0.5f);
        Vector512<float> a = half, b = half, c = half, d = half, e = half, f = half, g = half, h = half,
            i = half, j = half;
        for (int turn = 0; turn < turns; turn++)
        {
            a = Vector512.MultiplyAddEstimate(a, factor, half);
            b = Vector512.MultiplyAddEstimate(b, factor, half);
            c = Vector512.MultiplyAddEstimate(c, factor, half);
            d = Vector512.MultiplyAddEstimate(d, factor, half);
            e = Vector512.MultiplyAddEstimate(e, factor, half);
            if (Chains == 5) continue;
            f = Vector512.MultiplyAddEstimate(f, factor, half);
            g = Vector512.MultiplyAddEstimate(g, factor, half);
            h = Vector512.MultiplyAddEstimate(h, factor, half);
            i = Vector512.MultiplyAddEstimate(i, factor, half);
            j = Vector512.MultiplyAddEstimate(j, factor, half);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j);
    }
}
