using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What a CUDA device does when its driver fails, shown by an emulated one: typed exceptions, nothing left behind.</summary>
public sealed class CudaFailureTests
{
    private const int OutOfMemory = 2, NoBinary = 209, Ecc = 214, IllegalAddress = 700, LaunchTimeout = 702, LaunchFailed = 719;
    private const int Threads = TestKernels.Threads;

    private TemporaryFolder _folder = null!;
    private CudaEmulator _driver = null!;

    [SetUp]
    public void Start()
    {
        _folder = new TemporaryFolder();
        _driver = CudaEmulator.Fresh(_folder);
    }

    [TearDown]
    public void Nothing_is_left_behind()
    {
        Assert.That((_driver.Alive, _driver.LeftBehind), Is.EqualTo((0, 0)), "alive, and left when the context ended");
        _folder.Dispose();
    }

    private CudaDevice Open() => new(0, _driver.Platform) { Cache = new CompileCache("off") };

    [Test]
    public void Memory_that_others_hold_is_missed_with_the_size()
    {
        _driver.Set("foreign", (1L << 30) - 1000);
        using CudaDevice device = Open();
        using DeviceBuffer<float> fits = device.Allocate<float>(100);
        Assert.That(() => device.Allocate<float>(443), Throws.TypeOf<DeviceMemoryException>().With.Property("Bytes").EqualTo(443 * 4));
        Assert.That((device.LiveBuffers, device.LiveBytes), Is.EqualTo((1, 400L)));
        Assert.That(fits.ToArray(), Is.All.Zero, "the device goes on");
    }

    [Test]
    public void Memory_that_the_driver_needs_for_itself_is_missed_too()
    {
        using CudaDevice device = Open();
        _driver.Fail("cuModuleLoadDataEx", OutOfMemory);
        Assert.That(() => device.Compile(TestKernels.All()), Throws.TypeOf<DeviceMemoryException>().With.Message.Contains("cuModuleLoadDataEx"));
        Assert.That(device.Compile(TestKernels.All())["sum"], Is.Not.Null, "the device goes on");
    }

    [TestCase(IllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase(LaunchTimeout, "CUDA_ERROR_LAUNCH_TIMEOUT")]
    [TestCase(LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED")]
    public void A_fault_of_a_kernel_is_a_lost_device_from_then_on(int status, string name)
    {
        using CudaDevice device = Open();
        DeviceKernel kernel = device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = device.Allocate<float>(31);
        using DeviceEvent mark = device.Record();
        _driver.Fail("kernel", status);
        device.Launch(kernel, new LaunchShape(1, Threads), x, 31, 1f);
        Assert.That(device.Synchronize, Lost(name));
        Assert.That(() => device.Launch(kernel, new LaunchShape(1, Threads), x, 31, 1f), Lost(name));
        Assert.That(() => x.ToArray(), Lost(name));
        Assert.That(() => x.Upload([1]), Lost(name));
        Assert.That(() => x.Fill(0), Lost(name));
        Assert.That(() => device.Allocate<float>(1), Lost(name));
        Assert.That(() => device.Compile(TestKernels.All(3)), Lost(name));
        Assert.That(device.Record, Lost(name));
        Assert.That(mark.Wait, Lost(name));
        Assert.That(device.LiveBuffers, Is.EqualTo(1), "the buffer of before");
    }

    [Test]
    public void A_fault_that_is_not_a_kernels_is_a_lost_device_too()
    {
        using CudaDevice device = Open();
        _driver.Fail("cuMemAlloc_v2", Ecc);
        Assert.That(() => device.Allocate<float>(1), Lost("CUDA_ERROR_ECC_UNCORRECTABLE"));
    }

    [Test]
    public void A_kernel_that_writes_beside_its_buffer_is_found_out()
    {
        using CudaDevice device = Open();
        DeviceKernel kernel = device.Compile(TestKernels.All())["scale"];
        using DeviceBuffer<float> x = device.Allocate<float>(31);
        device.Launch(kernel, new LaunchShape(1, Threads), x, 32, 1f);
        Assert.That(device.Synchronize, Lost("CUDA_ERROR_ILLEGAL_ADDRESS"));
    }

    [Test]
    public void A_barrier_that_some_threads_miss_is_found_out()
    {
        KernelSource source = TestKernels.Source("KERNEL(THREADS) void torn(GLOBAL float* x) { if (THREAD > 3) { BARRIER(); x[0] = 1; } }");
        using CudaDevice device = Open();
        using DeviceBuffer<float> x = device.Allocate<float>(1);
        device.Launch(device.Compile(source)["torn"], new LaunchShape(1, Threads), x);
        Assert.That(device.Synchronize, Lost("CUDA_ERROR_LAUNCH_FAILED"));
    }

    [Test]
    public void A_device_that_was_lost_does_not_open_again_in_this_process()
    {
        using (CudaDevice device = Open())
        {
            _driver.Fail("cuMemAlloc_v2", LaunchFailed);
            Assert.That(() => device.Allocate<float>(1), Lost("CUDA_ERROR_LAUNCH_FAILED"));
        }
        Assert.That(Open, Lost("CUDA_ERROR_LAUNCH_FAILED").And.Message.Contains("a new process"));
    }

    [TestCase("cuDevicePrimaryCtxRetain", 0)]
    [TestCase("cuStreamCreate", 0)]
    [TestCase("cuMemAllocHost_v2", 0)]
    [TestCase("cuEventCreate", 0)]
    [TestCase("cuEventCreate", 3)]
    public void A_device_that_does_not_open_leaves_nothing(string call, int after)
    {
        _driver.Fail(call, OutOfMemory, after);
        Assert.That(Open, Throws.TypeOf<DeviceMemoryException>());
    }

    [TestCase("cuMemsetD8Async")]
    [TestCase("cuMemcpyHtoDAsync_v2")]
    public void A_buffer_that_cannot_be_filled_is_not_kept(string call)
    {
        using CudaDevice device = Open();
        _driver.Fail(call, OutOfMemory);
        Assert.That(() => device.Allocate<float>([1, 2]), Throws.TypeOf<DeviceMemoryException>());
        Assert.That((device.LiveBuffers, _driver.Alive), Is.EqualTo((0, Resources)));
    }

    [TestCase("cuModuleGetFunction")]
    [TestCase("cuFuncSetAttribute")]
    public void A_program_that_does_not_load_is_not_kept(string call)
    {
        using CudaDevice device = Open();
        _driver.Fail(call, NoBinary);
        Assert.That(() => device.Compile(TestKernels.All()), Throws.InstanceOf<DeviceException>());
        Assert.That(_driver.Alive, Is.EqualTo(Resources));
    }

    [Test]
    public void A_binary_that_the_driver_refuses_is_named_with_the_drivers_log()
    {
        using CudaDevice device = Open();
        _driver.Set("capability", 100);
        Assert.That(() => device.Compile(TestKernels.All()),
            Throws.TypeOf<KernelCompileException>()
                .With.Property("Log").Contains("CUDA_ERROR_NO_BINARY_FOR_GPU").And.Property("Log").Contains("does not fit"));
        Assert.That(_driver.Alive, Is.EqualTo(Resources));
    }

    [Test]
    public void A_launch_that_the_driver_refuses_is_an_argument_that_does_not_fit()
    {
        using CudaDevice device = Open();
        DeviceKernel kernel = device.Compile(TestKernels.All())["meet"];
        using DeviceBuffer<uint> arrived = device.Allocate<uint>(1);
        using DeviceBuffer<int> written = device.Allocate<int>(2000);
        var shape = new LaunchShape(1000, Threads, Cooperative: true);
        Assert.That(() => device.Launch(kernel, shape, arrived, written, 1),
            Throws.ArgumentException.With.Message.Contains("TOO_LARGE").And.Message.Contains($"can run {32 * 8} groups"));
        Assert.That(device.ResidentGroups(kernel, shape), Is.EqualTo(32 * 8));
        device.Synchronize();
    }

    [Test]
    public void Two_devices_on_one_gpu_do_not_disturb_each_other()
    {
        using CudaDevice one = Open();
        using DeviceBuffer<int> x = one.Allocate<int>([1, 2, 3]);
        using (CudaDevice two = Open())
        using (DeviceBuffer<int> y = two.Allocate<int>([4])) Assert.That(y.ToArray(), Is.EqualTo(new[] { 4 }));
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void Marks_end_with_their_device_though_another_keeps_the_context()
    {
        using CudaDevice one = Open();
        CudaDevice two = Open();
        DeviceEvent kept = two.Record(), freed = two.Record();
        freed.Dispose();
        Assert.That(_driver.Alive, Is.EqualTo(2 * Resources + 1));
        two.Dispose();
        Assert.That(_driver.Alive, Is.EqualTo(Resources));
        kept.Dispose();
        Assert.That(kept.Wait, Throws.TypeOf<ObjectDisposedException>());
        using DeviceEvent later = one.Record();
        later.Wait();
    }

    // what an idle device holds: a stream, pinned memory, four marks in it
    private const int Resources = 6;

    private static NUnit.Framework.Constraints.Constraint Lost(string name) =>
        Throws.TypeOf<DeviceLostException>().With.Property("DriverReason").Contains(name).And.Message.Contains("--resume");
}
