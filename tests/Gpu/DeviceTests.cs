using Naf.Gpu;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;

namespace Naf.Tests;

internal sealed class DeviceTests
{
    [Test]
    public void The_processor_can_always_be_opened()
    {
        using Device device = DeviceList.Select("cpu", 1);
        Assert.That(device.Info, Has.Property("Kind")
            .EqualTo("cpu").And.Property("Usable").True.And.Property("Memory").Positive);
    }

    [Test]
    public void Auto_takes_the_first_gpu_that_can_be_used_or_the_processor()
    {
        IReadOnlyList<DeviceInfo> all = DeviceList.All();
        using Device device = DeviceList.Select("auto", 1);
        Assert.That(device.Info.Name, Is.EqualTo(all.FirstOrDefault(d => d.IsGpu && d.Usable)?.Name ?? "cpu"));
        Assert.That(device.Note.Length > 0, Is.EqualTo(device.Info.Kind != "cuda" && all.Any(d => d.Kind == "cuda")));
    }

    [TestCase("cuda:99", "device=cpu")]
    [TestCase("opencl:99", "device=cpu")]
    [TestCase("gpu", "cuda:N")]
    [TestCase("cuda:", "cuda:N")]
    [TestCase("opencl:-1", "opencl:N")]
    public void A_device_that_is_not_there_is_refused_with_the_remedy(string name, string remedy) =>
        Assert.That(() => DeviceList.Select(name),
            Throws.TypeOf<DeviceException>().With.Message.Contains(name).And.Message.Contains(remedy));

    [Test]
    public void A_cuda_gpu_runs_these_tests_where_there_is_one()
    {
        DeviceInfo[] cuda = [.. DeviceList.All().Where(d => d.Kind == "cuda")];
        if (cuda.FirstOrDefault(d => d.Usable) is not { } found)
        {
            Assert.Ignore($"CUDA: {(cuda.Length > 0 ? cuda[0].Reason : DeviceList.Missing()[0])}");
            return;
        }
        using GpuDevice device = GpuDevices.Open(found.Name);
        using DeviceBuffer<float> x = device.Allocate<float>([1, 2, 3]);
        device.Load<TestKernels.ScaleArguments>(TestKernels.Scale, 64).Launch(1,
            new TestKernels.ScaleArguments { X = x.View, Items = 2, Added = 1 });
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 3f, 5, 3 }));
        Assert.That(GpuDevices.All, Contains.Item(found.Name));
    }

    [TestCase(-1)]
    [TestCase(257)]
    public void An_impossible_number_of_threads_is_refused(int threads) =>
        Assert.That(() => new CpuDevice(threads), Throws.TypeOf<DeviceException>().With.Message.Contains("1 to 256"));

    [Test]
    public void Buffers_are_zeroed_aligned_and_counted()
    {
        long buffers = HostBuffer.LiveBuffers;
        using (var buffer = new HostBuffer(443))
        {
            Assert.That(buffer.Span.ToArray(), Is.All.Zero);
            unsafe { Assert.That((long)buffer.Pointer % 64, Is.Zero); }
            Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(buffers + 1));
        }
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(buffers));
    }
}
