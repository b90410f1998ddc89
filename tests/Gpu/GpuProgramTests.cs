using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Kernels on every device: what they are given, where they run, what is refused.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class GpuProgramTests(string name) : GpuFixture(name)
{
    private const int Threads = TestKernels.Threads;

    private static void Refused(Action call, string reason) => Assert.That(call, Throws.ArgumentException.With.Message.Contains(reason));

    private static int Groups(int items) => (items + Threads - 1) / Threads;

    [Test]
    public void A_kernel_gets_every_kind_of_argument()
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["take_all"];
        using DeviceBuffer<float> result = Device.Allocate<float>(8);
        using DeviceBuffer<double> d = Device.Allocate<double>([0, 0.1]);
        using DeviceBuffer<ulong> u = Device.Allocate<ulong>([0, 1UL << 60]);
        Device.Launch(kernel, new LaunchShape(3, Threads), result, d, u, -7, 3_000_000_000u, -(1L << 50), 0xABCDEF_0000000000UL, 1.1f);
        Assert.That(result.ToArray(), Is.EqualTo(new[] { 0.1f, 1.152921504606846976e18f, -7, 3e9f, -1.125899906842624e15f, 0xABCDEF, 1.1f, 3 }));
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(443)]
    [TestCase(100_001)]
    public void Launches_run_in_order_and_touch_what_they_should(int items)
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = Device.Allocate<float>(items + 1);
        x.Fill(0xFF);
        x.Upload([.. Enumerable.Range(0, items).Select(i => (float)i)]);
        for (int step = 1; step <= 3; step++) Device.Launch(kernel, new LaunchShape(Groups(items), Threads), x, items, (float)step);
        // 2 (2 (2 x + 1) + 2) + 3
        Assert.That(x.ToArray()[..items], Is.EqualTo(Enumerable.Range(0, items).Select(i => 8f * i + 11)));
        Assert.That(x.ToArray()[items], Is.NaN);
    }

    [Test]
    public void Uploads_behind_long_work_arrive_whole_and_in_order()
    {
        const int uploads = 3000, part = 443;
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> busy = Device.Allocate<float>(300_001);
        using DeviceBuffer<int> x = Device.Allocate<int>(uploads * part);
        for (int i = 0; i < 3; i++) Device.Launch(kernel, new LaunchShape(Groups(300_001), Threads), busy, 300_001, 0f);
        var numbers = new int[part];
        for (int i = 0; i < uploads; i++)
        {
            numbers.AsSpan().Fill(i);
            x.Upload(numbers, i * part);
        }
        int[] read = x.ToArray();
        Assert.That(Enumerable.Range(0, uploads).Where(i => read.AsSpan(i * part, part).ContainsAnyExcept(i)), Is.Empty);
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(443)]
    public void Groups_share_memory_between_barriers(int items)
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["sum"];
        int[] numbers = [.. Enumerable.Range(1, items).Select(i => i * i)];
        using DeviceBuffer<int> x = Device.Allocate<int>(numbers), sums = Device.Allocate<int>(Groups(items));
        Device.Launch(kernel, new LaunchShape(Groups(items), Threads, Threads * sizeof(int)), x, sums, items);
        Assert.That(sums.ToArray(), Is.EqualTo(numbers.Chunk(Threads).Select(c => c.Sum())));
    }

    [Test]
    public void A_group_can_take_all_the_local_memory_that_the_device_states()
    {
        int items = (int)Math.Min(Device.Limits.SharedBytes / sizeof(float), 1 << 16);
        DeviceKernel kernel = Device.Compile(TestKernels.Wide(items))["wide"];
        using DeviceBuffer<float> last = Device.Allocate<float>(Threads);
        Device.Launch(kernel, new LaunchShape(1, Threads, items * sizeof(float)), last, items);
        Assert.That(last.ToArray(), Is.EqualTo(Enumerable.Range(0, Threads).Select(i => (float)(items - 1 - i))));
    }

    [Test]
    public void Groups_of_a_cooperative_launch_wait_for_each_other_or_are_refused()
    {
        const int groups = 7, rounds = 100;
        DeviceKernel kernel = Device.Compile(TestKernels.All())["meet"];
        var shape = new LaunchShape(groups, Threads, Cooperative: true);
        using DeviceBuffer<uint> arrived = Device.Allocate<uint>(1);
        using DeviceBuffer<int> written = Device.Allocate<int>(2 * groups);
        if (!Device.Limits.Cooperative)
        {
            Assert.That(() => Device.Launch(kernel, shape, arrived, written, rounds),
                Throws.ArgumentException.With.Message.Contains("wait for each other"));
            return;
        }
        Assert.That(Device.ResidentGroups(kernel, shape), Is.GreaterThanOrEqualTo(groups));
        Device.Launch(kernel, shape, arrived, written, rounds);
        Assert.That(written.ToArray()[..groups], Is.All.EqualTo(rounds));
        Assert.That(arrived.ToArray(), Is.EqualTo(new[] { (uint)(groups * rounds) }));
    }

    [Test]
    public void Marks_tell_when_work_is_done_and_how_long_it_took()
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = Device.Allocate<float>(443);
        using DeviceEvent before = Device.Record();
        Device.Launch(kernel, new LaunchShape(Groups(443), Threads), x, 443, 1f);
        using DeviceEvent after = Device.Record();
        after.Wait();
        Assert.That(after.MillisecondsSince(before), Is.InRange(0, 60_000));
        Device.Synchronize();
        after.Dispose();
        Assert.That(after.Wait, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Arguments_that_do_not_fit_are_refused_by_name()
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = Device.Allocate<float>(31);
        using DeviceBuffer<double> d = Device.Allocate<double>(31);
        var shape = new LaunchShape(1, Threads);
        Refused(() => Device.Launch(kernel, shape, x, 31), "takes 3 arguments and was given 2");
        Refused(() => Device.Launch(kernel, shape, x, 31f, 1f), "(n) of kernel scale is a Single");
        Refused(() => Device.Launch(kernel, shape, d, 31, 1f), "give a buffer of Single");
        Refused(() => Device.Launch(kernel, shape, 0, 31, 1f), "give a buffer of Single");
        DeviceBuffer<float> gone = Device.Allocate<float>(31);
        gone.Dispose();
        Assert.That(() => Device.Launch(kernel, shape, gone, 31, 1f), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Shapes_that_do_not_fit_are_refused()
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = Device.Allocate<float>(31);
        foreach (LaunchShape shape in (LaunchShape[])[new(0, Threads), new(1, Threads, -1), new(1, Threads, (int)Device.Limits.SharedBytes + 1)])
            Refused(() => Device.Launch(kernel, shape, x, 31, 1f), "bytes of local memory");
        foreach (int threads in (int[])[0, Threads / 2, 2 * Threads, Device.Limits.GroupThreads + 1])
            Refused(() => Device.Launch(kernel, new LaunchShape(1, threads), x, 31, 1f), "64 threads");
        Assert.That(x.ToArray(), Is.All.Zero, "none of them ran");
    }

    [Test]
    public void Buffers_and_kernels_of_another_device_are_refused()
    {
        using GpuDevice other = GpuDevices.Open(GpuDevices.Pocl);
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"], foreign = other.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = Device.Allocate<float>(31), there = other.Allocate<float>(31);
        var shape = new LaunchShape(1, Threads);
        Refused(() => Device.Launch(kernel, shape, there, 31, 1f), "allocate it there");
        Refused(() => Device.Launch(foreign, shape, x, 31, 1f), "compile it on");
        Refused(() => Device.ResidentGroups(foreign, shape), "compile it on");
        Refused(() => x.CopyFrom(there, 0, 0, 31), "the copy on");
    }

    [Test]
    public void A_source_that_does_not_compile_is_refused_with_the_log()
    {
        KernelSource source = TestKernels.Source("KERNEL(THREADS) void broken(GLOBAL float* x) { x[0] = no_such_thing; }");
        Assert.That(() => Device.Compile(source), Throws.TypeOf<KernelCompileException>()
            .With.Property("Log").Contains("no_such_thing").And.Property("Log").Contains("Test.gpu.c").And.Message.Contains("--device cpu"));
        Assert.That(Device.Compile(TestKernels.All())["scale"], Is.Not.Null, "the device goes on");
    }

    [Test]
    public void A_kernel_that_the_source_lacks_is_refused_with_those_it_has() =>
        Assert.That(() => Device.Compile(TestKernels.All())["scales"],
            Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("meet, scale, sum"));

    [Test]
    public void A_source_is_compiled_once_per_device_and_its_constants_count()
    {
        DeviceProgram two = Device.Compile(TestKernels.All(2)), three = Device.Compile(TestKernels.All(3));
        Assert.That(Device.Compile(TestKernels.All(2)), Is.SameAs(two));
        using DeviceBuffer<float> x = Device.Allocate<float>([1, 10]);
        Device.Launch(two["scale"], new LaunchShape(1, Threads), x, 1, 0f);
        Device.Launch(three["scale"], new LaunchShape(1, Threads), x, 2, 0f);
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 6f, 30 }));
    }

    [Test]
    public void Threads_may_share_a_device()
    {
        DeviceKernel kernel = Device.Compile(TestKernels.All())["scale"];
        float[][] results = [.. Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(4).Select(seed =>
        {
            using DeviceBuffer<float> x = Device.Allocate<float>([seed, 1]);
            for (int i = 0; i < 20; i++) Device.Launch(kernel, new LaunchShape(1, Threads), x, 1, 1f);
            Device.Synchronize();
            return x.ToArray();
        }).OrderBy(x => x[0])];
        // 2^20 x + 2^20 - 1
        Assert.That(results, Is.EqualTo(Enumerable.Range(0, 8).Select(seed => new[] { (1 << 20) * seed + (1 << 20) - 1f, 1 })));
    }

    [Test]
    public void A_disposed_device_frees_what_is_left_and_refuses_the_rest()
    {
        GpuDevice gone = GpuDevices.Open(DeviceName);
        DeviceKernel kernel = gone.Compile(TestKernels.All())["scale"];
        DeviceBuffer<float> x = gone.Allocate<float>(31);
        DeviceEvent mark = gone.Record();
        gone.Dispose();
        gone.Dispose();
        Assert.That((gone.LiveBuffers, gone.LiveBytes), Is.EqualTo((0, 0L)));
        Assert.That(() => gone.Allocate<float>(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => gone.Compile(TestKernels.All()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => gone.Launch(kernel, new LaunchShape(1, Threads), x, 31, 1f), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => gone.ResidentGroups(kernel, new LaunchShape(1, Threads)), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => x.ToArray(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(gone.Synchronize, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(gone.Record, Throws.TypeOf<ObjectDisposedException>());
        x.Dispose();
        mark.Dispose();
    }
}
