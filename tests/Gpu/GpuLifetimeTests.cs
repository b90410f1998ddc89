using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What a device frees, and when, shown by one that only takes notes.</summary>
public sealed class GpuLifetimeTests
{
    [Test]
    public void A_buffer_that_another_thread_is_giving_back_is_freed_before_the_device_closes()
    {
        var device = new NotingDevice();
        DeviceBuffer<float> first = device.Allocate<float>(1), second = device.Allocate<float>(1);
        Task other = Task.CompletedTask;
        device.Freeing = () =>
        {
            device.Freeing = null;
            // has taken the handle and waits for the gate, which is held here
            other = Task.Run(second.Dispose);
            Assert.That(() => IsTaken(second), Is.True.After(10_000, 1));
        };
        device.Dispose();
        other.Wait();
        Assert.That(device.Notes, Is.EqualTo(new[] { "free 1", "free 2", "close" }));
        Assert.That((device.LiveBuffers, device.LiveBytes), Is.EqualTo((0, 0L)));
        first.Dispose();
    }

    [Test]
    public void Kernels_that_were_found_before_one_was_missing_are_freed_with_their_module()
    {
        using var device = new NotingDevice { Cache = new CompileCache("off"), Kernels = 1 };
        KernelSource source = TestKernels.Source("KERNEL(1) void one(int a) {} KERNEL(1) void two(int a) {}");
        Assert.That(() => device.Compile(source), Throws.TypeOf<DeviceException>());
        Assert.That(device.Notes, Is.EqualTo(new[] { "unload 7: 1" }));
    }

    private static bool IsTaken(DeviceBuffer buffer)
    {
        try
        {
            return buffer.Handle == 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private sealed unsafe class NotingDevice : GpuDevice
    {
        private nint _memory, _kernel;

        public List<string> Notes { get; } = [];

        public Action? Freeing { get; set; }

        /// <summary>Kernels that are found before one is missing.</summary>
        public int Kernels { get; init; }

        public override DeviceInfo Info { get; } = new("noting", "", "", 1 << 20, 1, "", true);

        public override GpuLimits Limits { get; } = new(1, 64, 1 << 10, 1 << 20, 1 << 20, HasDouble: true, Cooperative: false);

        protected override IEnumerable<string> CompileKeys => [];

        protected override nint AllocateMemory(long bytes) => ++_memory;

        protected override void FreeMemory(nint memory)
        {
            Freeing?.Invoke();
            Notes.Add($"free {memory}");
        }

        protected override byte[] CompileBinary(KernelSource source) => [1];

        protected override nint LoadBinary(KernelSource source, byte[] binary) => 7;

        protected override nint FindKernel(nint module, string name) => _kernel < Kernels ? ++_kernel : throw new DeviceException(name);

        protected override void Unload(nint module, IEnumerable<nint> kernels) => Notes.Add($"unload {module}: {string.Join(' ', kernels)}");

        protected override void FillMemory(nint memory, byte value, long bytes)
        {
        }

        protected override void Close() => Notes.Add("close");

        protected override void Wait() => throw new NotSupportedException();

        protected override DeviceEvent Mark() => throw new NotSupportedException();

        protected override int CountResidentGroups(nint kernel, LaunchShape shape) => throw new NotSupportedException();

        protected override void WriteMemory(nint to, long offset, void* from, long bytes) => throw new NotSupportedException();

        protected override void ReadMemory(nint from, long offset, void* to, long bytes) => throw new NotSupportedException();

        protected override void CopyMemory(nint from, long fromOffset, nint to, long offset, long bytes) => throw new NotSupportedException();

        protected override void LaunchKernel(DeviceKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments) =>
            throw new NotSupportedException();
    }
}
