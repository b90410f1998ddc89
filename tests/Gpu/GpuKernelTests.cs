using Naf.Gpu.Accelerators;
using static Naf.Tests.TestKernels;

namespace Naf.Tests;

/// <summary>Kernels on every device: arguments, launches, and rejected calls.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal sealed class GpuKernelTests(string name) : GpuFixture(name)
{
    private const int Threads = 4;

    private DeviceKernel<ScaleArguments> Kernel => Device.Load<ScaleArguments>(Scale, Threads);

    private static int Groups(int items) => (items + Threads - 1) / Threads;

    [Test]
    public void A_kernel_gets_every_kind_of_argument()
    {
        DeviceKernel<MixedArguments> kernel = Device.Load<MixedArguments>(Mixed, Threads);
        using DeviceBuffer<double> result = Device.Allocate<double>(8);
        using DeviceBuffer<float> floats = Device.Allocate<float>([0, 0.1f]);
        kernel.Launch(3, new MixedArguments
        {
            Result = result.View, Int = -7, ULong = 1UL << 60, UInt = 3_000_000_000, Floats = floats.View,
            Float = 1.1f, Double = 0.3,
        });
        Assert.That(result.ToArray(), Is.EqualTo(new[] { -7, 1UL << 60, 3e9, 0.1f, 1.1f, 0.3, 2, 3 }));
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(443)]
    [TestCase(10_001)]
    public void Launches_run_in_order_and_touch_what_they_should(int items)
    {
        using DeviceBuffer<float> x = Device.Allocate<float>(items + 1);
        x.Fill(0xFF);
        x.Upload([.. Enumerable.Range(0, items).Select(i => (float)i)]);
        for (int step = 1; step <= 3; step++)
            Kernel.Launch(Groups(items), new ScaleArguments { X = x.View, Items = items, Added = step });
        // 2 (2 (2 x + 1) + 2) + 3
        Assert.That(x.ToArray()[..items], Is.EqualTo(Enumerable.Range(0, items).Select(i => 8f * i + 11)));
        Assert.That(x.ToArray()[items], Is.NaN);
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(443)]
    public void Groups_share_memory_between_barriers_and_may_take_all_that_the_device_states(int items)
    {
        int[] numbers = [.. Enumerable.Range(1, items).Select(i => i * i)];
        using DeviceBuffer<int> x = Device.Allocate<int>(numbers), sums = Device.Allocate<int>(Groups(items));
        foreach (int bytes in new[] { Threads * sizeof(int), Device.Limits.SharedBytes })
        {
            sums.Fill(0xFF);
            Device.Load<SumArguments>(Sum<DynamicMemory>, Threads, bytes)
                .Launch(Groups(items), new SumArguments { X = x.View, Sums = sums.View, Items = items });
            Assert.That(sums.ToArray(), Is.EqualTo(numbers.Chunk(Threads).Select(c => c.Sum())));
        }
    }

    [Test]
    public void Groups_of_a_cooperative_launch_wait_for_each_other_or_are_refused()
    {
        const int rounds = 100;
        DeviceKernel<ScaleArguments> alone = Device.Load<ScaleArguments>(Scale, 1);
        Assert.That(() => alone.Launch(alone.ResidentGroups + 1, default, cooperative: true),
            Throws.ArgumentException.With.Message.Contains("wait for each other"));
        if (!Device.Limits.Cooperative) return;
        DeviceKernel<WaitArguments> kernel = Device.Load<WaitArguments>(Wait, 2);
        int groups = Math.Min(kernel.ResidentGroups, 4);
        using DeviceBuffer<int> arrived = Device.Allocate<int>(1), written = Device.Allocate<int>(2 * groups);
        var at = new WaitArguments { Arrived = arrived.View, Written = written.View, Rounds = rounds };
        kernel.Launch(groups, at, cooperative: true);
        Assert.That(written.ToArray()[..groups], Is.All.EqualTo(rounds));
        Assert.That(arrived.ToArray(), Is.EqualTo(new[] { groups * rounds }));
    }

    [Test]
    public void Groups_that_do_not_fit_are_refused()
    {
        foreach ((int threads, int bytes) in ((int, int)[])[(0, 0), (Device.Limits.GroupThreads + 1, 0),
            (1, Device.Limits.SharedBytes + 1), (1, -1)])
            Assert.That(() => Device.Load<SumArguments>(Sum<DynamicMemory>, threads, bytes),
                Throws.ArgumentException.With.Message.Contains("bytes of shared memory"));
        Assert.That(() => Kernel.Launch(0, default), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void A_kernel_is_compiled_once_and_buffers_of_another_device_are_not_copied()
    {
        DeviceKernel<ScaleArguments> first = Kernel;
        Assert.That(Kernel, Is.SameAs(first));
        using GpuDevice other = GpuDevices.Open(GpuDevices.Emulated);
        using DeviceBuffer<float> x = Device.Allocate<float>(31), there = other.Allocate<float>(31);
        Assert.That(() => x.CopyFrom(there, 0, 0, 31),
            Throws.ArgumentException.With.Message.Contains("allocate both on one device"));
    }

    [Test]
    public void Threads_may_share_a_device()
    {
        float[][] results = [.. Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(4).Select(seed =>
        {
            using DeviceBuffer<float> x = Device.Allocate<float>([seed, 1]);
            for (int i = 0; i < 20; i++) Kernel.Launch(1, new ScaleArguments { X = x.View, Items = 1, Added = 1 });
            Device.Synchronize();
            return x.ToArray();
        }).OrderBy(x => x[0])];
        // 2^20 x + 2^20 - 1
        Assert.That(results,
            Is.EqualTo(Enumerable.Range(0, 8).Select(seed => new[] { (1 << 20) * seed + (1 << 20) - 1f, 1 })));
    }

    [Test]
    public void A_disposed_device_frees_what_is_left_and_refuses_the_rest()
    {
        GpuDevice gone = GpuDevices.Open(DeviceName);
        DeviceKernel<ScaleArguments> kernel = gone.Load<ScaleArguments>(Scale, Threads);
        DeviceBuffer<float> x = gone.Allocate<float>(31);
        gone.Dispose();
        gone.Dispose();
        Assert.That((gone.LiveBuffers, gone.LiveBytes), Is.EqualTo((0, 0L)));
        Assert.That(() => gone.Allocate<float>(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => gone.Load<ScaleArguments>(Scale, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => kernel.Launch(1, default), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => x.ToArray(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(gone.Synchronize, Throws.TypeOf<ObjectDisposedException>());
        x.Dispose();
    }

    [Test]
    public void Buffers_of_a_constructor_that_fails_are_freed()
    {
        Assert.That(() => BufferScope.Construct<int>(Device, scope =>
        {
            scope.Allocate<float>(31);
            throw new InvalidOperationException();
        }), Throws.InvalidOperationException);
        Assert.That(Device.LiveBuffers, Is.Zero);
    }
}
