using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A driver's own binaries, as they are kept for a GPU: shown on PoCL, which is otherwise given the source.</summary>
public sealed class OpenCLBinaryTests
{
    private const string Text = "KERNEL(32) void twice(GLOBAL float* x, int n)\n{\n    int i = GROUP * 32 + THREAD;\n    if (i < n) x[i] *= 2;\n}\n";

    [Test]
    public void Kernels_come_from_the_binary_and_a_damaged_one_is_made_again()
    {
        string name;
        using (GpuDevice pocl = GpuDevices.Open(GpuDevices.Pocl)) name = pocl.Info.Name;
        using var folder = new TemporaryFolder();
        Assert.That(Twice(name, folder.Path), Is.EqualTo((0, 1)));
        Assert.That(Twice(name, folder.Path), Is.EqualTo((1, 0)), "from disk");
        byte[] binary = [1, 2, 3];
        string file = Directory.GetFiles(folder.Path).Single();
        File.WriteAllBytes(file, [.. System.Security.Cryptography.SHA256.HashData(binary), .. binary]);
        Assert.That(Twice(name, folder.Path), Is.EqualTo((0, 1)), "made again");
    }

    // runs the kernel; how often it was taken from disk and how often compiled
    private static (int, int) Twice(string name, string folder)
    {
        int index = int.Parse(name.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        using var device = new OpenCLDevice(index) { Cache = new CompileCache(folder), KeepsBinaries = true };
        DeviceKernel kernel = device.Compile(TestKernels.Source(Text))["twice"];
        using DeviceBuffer<float> x = device.Allocate<float>([1, 2, 3]);
        device.Launch(kernel, new LaunchShape(1, 32), x, 3);
        Assert.That(x.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
        return device.Cache.Uses;
    }
}
