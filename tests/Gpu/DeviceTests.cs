using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class DeviceTests
{
    [TestCase("auto")]
    [TestCase("cpu")]
    public void The_processor_can_always_be_opened(string name)
    {
        using Device device = DeviceList.Select(name, 1);
        Assert.That(device.Info, Has.Property("Kind").EqualTo("cpu").And.Property("Usable").True.And.Property("Memory").Positive);
    }

    [TestCase("cuda:0", "--device cpu")]
    [TestCase("opencl:1", "--device cpu")]
    [TestCase("gpu", "cuda:N")]
    public void A_device_that_is_not_there_is_refused_with_the_remedy(string name, string remedy) =>
        Assert.That(() => DeviceList.Select(name), Throws.TypeOf<DeviceException>().With.Message.Contains(name).And.Message.Contains(remedy));

    [TestCase(-1)]
    [TestCase(257)]
    public void An_impossible_number_of_threads_is_refused(int threads) =>
        Assert.That(() => new CpuDevice(threads), Throws.TypeOf<DeviceException>().With.Message.Contains("1 to 256"));

    [Test]
    public void Buffers_are_zeroed_aligned_and_counted()
    {
        long buffers = HostBuffer.LiveBuffers, bytes = HostBuffer.LiveBytes;
        using (var buffer = new HostBuffer(443))
        {
            Assert.That(buffer.Span.ToArray(), Is.All.Zero);
            unsafe { Assert.That((long)buffer.Pointer % 64, Is.Zero); }
            Assert.That(HostBuffer.LiveBytes - bytes, Is.EqualTo(443 * sizeof(float)));
        }
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(buffers));
    }
}
