using System.Diagnostics;
using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What is found of CUDA, and what is said where something is missing.</summary>
public sealed class CudaPlatformTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Start() => _folder = new TemporaryFolder();

    [TearDown]
    public void End() => _folder.Dispose();

    [Test]
    public void A_device_is_described()
    {
        CudaPlatform platform = CudaEmulator.Fresh(_folder).Platform;
        Assert.That(platform.Devices().Single(), Is.EqualTo(new DeviceInfo(
            "cuda:0", "cuda", "Emulated GPU", 1L << 30, 8, "NVRTC 12.4 for sm_90", true, "", "NVIDIA CUDA 12.4", IsGpu: true)));
        Assert.That(platform.Limits(0), Is.EqualTo(new GpuLimits(8, 1024, 232448, 1L << 30, 1L << 30, HasDouble: true, Cooperative: true)));
        Assert.That(DeviceList.All(platform)[0].Name, Is.EqualTo("cuda:0"), "before all others");
    }

    [Test]
    public void Auto_takes_cuda_first_and_has_nothing_to_say()
    {
        using Device device = DeviceList.Select("auto", 1, CudaEmulator.Fresh(_folder).Platform);
        Assert.That((device.Info.Name, device.Note), Is.EqualTo(("cuda:0", "")));
    }

    [TestCase("cuda:1")]
    [TestCase("cuda:7")]
    public void A_device_beyond_the_last_is_refused(string name) =>
        Assert.That(() => DeviceList.Select(name, 1, CudaEmulator.Fresh(_folder).Platform),
            Throws.TypeOf<DeviceException>().With.Message.Contains(name).And.Message.Contains("finds 1").And.Message.Contains("--device cpu"));

    [Test]
    public void Without_nvrtc_the_device_is_refused_with_what_to_install_and_auto_says_so()
    {
        CudaPlatform platform = CudaEmulator.Fresh(_folder, "libnvrtc.so.12").Platform;
        DeviceInfo info = DeviceList.All(platform)[0];
        Assert.That(info.Usable, Is.False);
        Assert.That(info.Reason, Does.Contain("NVRTC is missing").And.Contain("CUDA toolkit").And.Contain("pip install nvidia-cuda-nvrtc-cu12"));
        Assert.That(() => DeviceList.Select("cuda:0", 1, platform), Throws.TypeOf<DeviceException>().With.Message.Contains(info.Reason));
        Assert.That(() => new CudaDevice(0, platform), Throws.TypeOf<DeviceException>().With.Message.Contains("NVRTC is missing"));
        Assert.That(DeviceList.Missing(platform), Has.One.Contains("NVRTC"));
        using Device device = DeviceList.Select("auto", 1, platform);
        Assert.That(device.Info.Kind, Is.Not.EqualTo("cuda"));
        Assert.That(device.Note, Does.StartWith("cuda:0 (Emulated GPU) cannot be used: ").And.EndWith($"; {device.Info.Name} is used instead"));
    }

    [TestCase(11080, "nvidia-cuda-nvrtc-cu11")]
    [TestCase(12040, "nvidia-cuda-nvrtc-cu12")]
    [TestCase(13000, "nvidia-cuda-nvrtc-cu12")]
    public void The_compiler_that_is_recommended_is_one_that_the_driver_takes(int driver, string package)
    {
        CudaEmulator emulator = CudaEmulator.Fresh(_folder, "libnvrtc.so.12");
        emulator.Set("driver", driver);
        Assert.That(emulator.Platform.CompilerProblem, Does.Contain($"'pip install {package}'"));
    }

    // others hold it (exclusive mode), or its memory
    [TestCase(46, "another process holds it")]
    [TestCase(2, "no memory left")]
    public void Auto_passes_over_a_gpu_that_does_not_open_and_says_so(int status, string reason)
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Set("devices", 2);
        driver.Fail("cuDevicePrimaryCtxRetain", status);
        using Device device = DeviceList.Select("auto", 1, driver.Platform);
        Assert.That(device.Info.Name, Is.EqualTo("cuda:1"));
        Assert.That(device.Note, Does.Contain("cuda:0").And.Contain(reason).And.EndWith("; cuda:1 is used instead"));
    }

    [Test]
    public void Auto_comes_to_another_device_where_no_cuda_gpu_opens()
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Fail("cuDevicePrimaryCtxRetain", 46);
        using Device device = DeviceList.Select("auto", 1, driver.Platform);
        Assert.That(device.Info.Kind, Is.Not.EqualTo("cuda"));
        Assert.That(device.Note, Does.Contain("another process holds it").And.EndWith($"; {device.Info.Name} is used instead"));
    }

    [Test]
    public void A_device_that_another_process_holds_is_not_lost()
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Fail("cuDevicePrimaryCtxRetain", 46);
        Assert.That(() => DeviceList.Select("cuda:0", 1, driver.Platform),
            Throws.TypeOf<DeviceException>().With.Message.Contains("cuda:0").And.Message.Contains("another process holds it")
                .And.Message.Contains("CUDA_ERROR_DEVICE_UNAVAILABLE").And.Message.Contains("--device cpu"));
    }

    [Test]
    public void A_newer_device_than_nvrtc_knows_is_reached_by_ptx()
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Set("capability", 121);
        Assert.That(driver.Platform.Devices().Single().Instructions, Is.EqualTo("NVRTC 12.4 for compute_90"));
        using var device = new CudaDevice(0, driver.Platform) { Cache = new CompileCache("off") };
        using DeviceBuffer<float> x = device.Allocate<float>([1, 2]);
        device.Launch(device.Compile(TestKernels.All())["scale"], new LaunchShape(1, TestKernels.Threads), x, 2, 1f);
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 3f, 5 }));
    }

    [TestCase("capability", 61, "NVRTC 12 no longer knows it (sm_61)")]
    [TestCase("capability", 52, "older (sm_52)")]
    [TestCase("mode", 2, "nvidia-smi")]
    [TestCase("driver", 11080, "NVRTC 12 is too new for its driver (CUDA 11.8)")]
    [TestCase("driver", 11080, "nvidia-cuda-nvrtc-cu11")]
    public void A_device_that_cannot_be_used_says_why(string what, int value, string reason)
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Set(what, value);
        DeviceInfo info = driver.Platform.Devices().Single();
        Assert.That(info, Has.Property("Usable").False.And.Property("Reason").Contains(reason));
        Assert.That(() => new CudaDevice(0, driver.Platform), Throws.TypeOf<DeviceException>().With.Message.Contains(reason));
    }

    [TestCase("devices", 0, "finds no NVIDIA GPU")]
    [TestCase("init", 100, "finds no NVIDIA GPU")]
    [TestCase("init", 803, "does not start (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH")]
    public void A_driver_without_devices_says_why(string what, int value, string problem)
    {
        CudaEmulator driver = CudaEmulator.Fresh(_folder);
        driver.Set(what, value);
        Assert.That(driver.Platform.Devices(), Is.Empty);
        Assert.That(DeviceList.Missing(driver.Platform), Has.One.Contains(problem));
        Assert.That(() => DeviceList.Select("cuda:0", 1, driver.Platform),
            Throws.TypeOf<DeviceException>().With.Message.Contains(problem).And.Message.Contains("--device cpu"));
    }

    [Test]
    public void A_driver_that_lacks_a_function_is_too_old()
    {
        NeedsAttribute.Check(Need.Compiler);
        Library(CudaLibrary.FileName, "int cuInit(unsigned flags) { return 0; }");
        var platform = new CudaPlatform(_folder.Path);
        Assert.That(platform.Problem, Does.Contain("too old").And.Contain("cuDriverGetVersion").And.Contain("update NVIDIA's driver"));
    }

    [Test]
    public void The_folder_is_looked_in_first_and_the_newest_compiler_comes_first()
    {
        foreach (string file in (string[])["libnvrtc.so.11.2", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.alt.so.12", "libnvrtc-builtins.so.12.4"])
            File.WriteAllText(_folder[file], "");
        Assert.That(NvrtcPlaces.Candidates(_folder.Path).Take(4).Select(Path.GetFileName),
            Is.EqualTo(new[] { "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so.13" }));
    }

    private void Library(string name, string source)
    {
        File.WriteAllText(_folder["library.c"], source);
        using var compiler = Process.Start("c++", ["-x", "c", "-shared", "-fPIC", "-o", _folder[name], _folder["library.c"]]);
        compiler.WaitForExit();
        Assert.That(compiler.ExitCode, Is.Zero);
    }
}
