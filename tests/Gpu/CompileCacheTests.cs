using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Compiled kernels on disk.</summary>
public sealed class CompileCacheTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Start() => _folder = new TemporaryFolder();

    [TearDown]
    public void End() => _folder.Dispose();

    private static byte[] Get(CompileCache cache, byte made, params string[] keys) => cache.GetOrCompile(keys, () => [made, 2, 3], binary => binary);

    [Test]
    public void What_was_compiled_is_taken_from_disk_by_another_process()
    {
        var first = new CompileCache(_folder["new"]);
        Assert.That(Get(first, 1, "source", "sm_90"), Is.EqualTo(new byte[] { 1, 2, 3 }));
        var second = new CompileCache(_folder["new"]);
        Assert.That(Get(second, 9, "source", "sm_90"), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That((first.Uses, second.Uses), Is.EqualTo(((0, 1), (1, 0))));
    }

    [TestCase("source2", "sm_90")]
    [TestCase("source", "sm_80")]
    [TestCase("sources", "m_90")]
    [TestCase("source")]
    [TestCase("source", "sm_90", "")]
    public void Any_other_key_is_another_binary(params string[] keys)
    {
        var cache = new CompileCache(_folder.Path);
        Get(cache, 1, "source", "sm_90");
        Assert.That(Get(cache, 9, keys)[0], Is.EqualTo(9));
    }

    [TestCase(0)]
    [TestCase(20)]
    [TestCase(34)]
    public void A_damaged_file_is_made_again(int length)
    {
        Get(new CompileCache(_folder.Path), 1, "source");
        string file = Directory.GetFiles(_folder.Path).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..length]);
        Assert.That(Get(new CompileCache(_folder.Path), 9, "source")[0], Is.EqualTo(9));
        Assert.That(Get(new CompileCache(_folder.Path), 5, "source")[0], Is.EqualTo(9), "kept again");
    }

    [Test]
    public void A_file_with_a_flipped_bit_is_made_again()
    {
        Get(new CompileCache(_folder.Path), 1, "source");
        string file = Directory.GetFiles(_folder.Path).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.That(Get(new CompileCache(_folder.Path), 9, "source")[0], Is.EqualTo(9));
    }

    [Test]
    public void A_kept_binary_that_does_not_load_is_made_again()
    {
        var cache = new CompileCache(_folder.Path);
        Get(cache, 1, "source");
        byte loaded = cache.GetOrCompile(
            ["source"], () => [9], binary => binary[0] == 9 ? binary[0] : throw new KernelCompileException("d", "k", "log"));
        Assert.That((loaded, cache.Uses), Is.EqualTo(((byte)9, (0, 2))));
    }

    [Test]
    public void A_failed_compilation_is_not_kept()
    {
        var cache = new CompileCache(_folder.Path);
        Assert.That(() => cache.GetOrCompile<byte[]>(["source"], () => throw new KernelCompileException("d", "k", "log"), b => b),
            Throws.TypeOf<KernelCompileException>());
        Assert.That(Directory.GetFiles(_folder.Path), Is.Empty);
    }

    [Test]
    public void A_folder_that_cannot_be_written_costs_compilations_only()
    {
        File.WriteAllText(_folder["file"], "");
        var cache = new CompileCache(Path.Combine(_folder["file"], "below"));
        Assert.That((Get(cache, 1, "source")[0], Get(cache, 9, "source")[0]), Is.EqualTo(((byte)1, (byte)9)));
    }

    [Test]
    public void Off_keeps_nothing()
    {
        var cache = new CompileCache("off");
        Assert.That((Get(cache, 1, "source")[0], Get(cache, 9, "source")[0]), Is.EqualTo(((byte)1, (byte)9)));
    }

    [Test]
    public void The_environment_names_the_folder()
    {
        string? before = Environment.GetEnvironmentVariable("NAF_KERNEL_CACHE");
        Environment.SetEnvironmentVariable("NAF_KERNEL_CACHE", _folder["named"]);
        try
        {
            Get(new CompileCache(), 1, "source");
            Assert.That(Directory.GetFiles(_folder["named"]), Has.Length.EqualTo(1).And.All.EndsWith(".bin"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("NAF_KERNEL_CACHE", before);
        }
    }

    [TestCase(GpuDevices.Pocl)]
    [TestCase(GpuDevices.Emulated)]
    public void A_device_takes_its_kernels_from_disk(string name)
    {
        Assert.That((Uses(name, 3), Uses(name, 3), Uses(name, 4)), Is.EqualTo(((0, 1), (1, 0), (0, 1))));
        string[] files = Directory.GetFiles(_folder.Path);
        Assert.That(files, Has.Length.EqualTo(2));
        // whole, but no kernel
        foreach (string file in files)
        {
            byte[] binary = [1, 2, 3];
            File.WriteAllBytes(file, [.. System.Security.Cryptography.SHA256.HashData(binary), .. binary]);
        }
        Assert.That((Uses(name, 3), Uses(name, 3)), Is.EqualTo(((0, 1), (1, 0))), "made again");
    }

    private (int, int) Uses(string name, float scale)
    {
        var cache = new CompileCache(_folder.Path);
        using GpuDevice device = GpuDevices.Open(name, cache);
        using DeviceBuffer<float> x = device.Allocate<float>([1]);
        device.Launch(device.Compile(TestKernels.All(scale))["scale"], new LaunchShape(1, TestKernels.Threads), x, 1, 0.5f);
        Assert.That(x.ToArray()[0], Is.EqualTo(scale + 0.5f));
        return cache.Uses;
    }

    [Test]
    public void Cuda_kernels_depend_on_target_and_driver()
    {
        var cache = new CompileCache(_folder["cache"]);
        using var emulator = new TemporaryFolder();
        CudaEmulator driver = CudaEmulator.Fresh(emulator);
        foreach ((string what, int value) in (ReadOnlySpan<(string, int)>)[("capability", 80), ("driver", 12080), ("driver", 12080)])
        {
            driver.Set(what, value);
            using var device = new CudaDevice(0, driver.Platform) { Cache = cache };
            Assert.That(device.Compile(TestKernels.All())["sum"], Is.Not.Null);
        }
        Assert.That(cache.Uses, Is.EqualTo((1, 2)));
    }
}
