using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;

namespace Naf.Tests;

/// <summary>Buffers on every device.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal sealed class GpuBufferTests(string name) : GpuFixture(name)
{
    private static readonly int[] Sizes = [0, 1, 31, 443, 300_001];

    [TestCaseSource(nameof(Sizes))]
    public void A_new_buffer_is_zeroed_and_counted_and_what_was_written_is_read(int length)
    {
        float[] numbers = [.. Enumerable.Range(0, length).Select(i => MathF.Sin(i) * i)];
        using DeviceBuffer<float> buffer = Device.Allocate<float>(length);
        Assert.That((buffer.Length, Device.LiveBuffers, Device.LiveBytes),
            Is.EqualTo(((long)length, 1, Math.Max(length, 1) * 4L)));
        Assert.That(buffer.ToArray(), Has.Length.EqualTo(length).And.All.Zero);
        using DeviceBuffer<float> written = Device.Allocate<float>(numbers);
        Assert.That(written.ToArray(), Is.EqualTo(numbers));
        buffer.Upload(numbers);
        Assert.That(buffer.ToArray(), Is.EqualTo(numbers));
        buffer.Fill(0xFF);
        Assert.That(buffer.ToArray(), Is.All.NaN);
    }

    [Test]
    public void Parts_are_written_read_and_copied_at_their_offsets()
    {
        double[] numbers = [.. Enumerable.Range(1, 443).Select(i => 1.0 / i)];
        using DeviceBuffer<double> from = Device.Allocate<double>(443), to = Device.Allocate<double>(31);
        from.Upload(numbers.AsSpan(0, 400), 43);
        to.Fill(0xFF);
        to.CopyFrom(from, 43, 1, 29);
        var read = new double[31];
        to.Download(read.AsSpan(1, 30), 1);
        Assert.That(read[1..30], Is.EqualTo(numbers[..29]));
        to.Download(read.AsSpan(0, 1));
        Assert.That(new[] { read[0], read[30] }, Is.All.NaN, "what was not copied");
        Assert.That(from.ToArray()[..43], Is.All.Zero, "what was not written");
    }

    [TestCase(-1, 1)]
    [TestCase(31, 1)]
    [TestCase(30, 2)]
    [TestCase(0, 32)]
    public void Elements_that_are_not_there_are_refused(int offset, int count)
    {
        using DeviceBuffer<int> buffer = Device.Allocate<int>(31), other = Device.Allocate<int>(100);
        Assert.That(() => buffer.Upload(new int[count], offset), Throws.ArgumentException.With.Message.Contains("31"));
        Assert.That(() => buffer.Download(new int[count], offset),
            Throws.ArgumentException.With.Message.Contains("31"));
        Assert.That(() => buffer.CopyFrom(other, 0, offset, count),
            Throws.ArgumentException.With.Message.Contains("31"));
        Assert.That(() => other.CopyFrom(buffer, offset, 0, count),
            Throws.ArgumentException.With.Message.Contains("31"));
    }

    [Test]
    public void A_disposed_buffer_is_refused_and_counted_once()
    {
        DeviceBuffer<float> buffer = Device.Allocate<float>(31);
        buffer.Dispose();
        buffer.Dispose();
        Assert.That(Device.LiveBuffers, Is.Zero);
        Assert.That(() => buffer.Upload([1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.ToArray(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.Fill(0), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Too_much_is_refused_with_its_size_and_leaves_nothing_behind()
    {
        long tooMuch = Device.Limits.MemoryBytes / 4 + 1;
        Assert.That(() => Device.Allocate<float>(tooMuch),
            Throws.TypeOf<DeviceMemoryException>().With.Message.Contains($"{tooMuch * 4:N0} bytes")
                .And.Message.Contains("device=cpu"));
        Assert.That(Device.LiveBuffers, Is.Zero);
    }

    [Test]
    public void Host_memory_may_be_used_again_at_once()
    {
        using DeviceBuffer<int> buffer = Device.Allocate<int>(64 * 443);
        var numbers = new int[443];
        for (int i = 0; i < 64; i++)
        {
            numbers.AsSpan().Fill(i);
            buffer.Upload(numbers, i * 443);
        }
        Assert.That(buffer.ToArray(), Is.EqualTo(Enumerable.Range(0, 64).SelectMany(i => Enumerable.Repeat(i, 443))));
    }
}
