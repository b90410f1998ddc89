using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary><c>naf devices</c>, as a process that finds what an environment names.</summary>
public sealed class DevicesCommandTests
{
    [Test]
    public void A_cuda_device_is_listed_first_with_all_that_is_known_of_it()
    {
        string[] lines = Devices(CudaEmulator.Shared.Folder).Split('\n');
        Assert.That(lines[0].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Is.EqualTo(new[] { "name", "kind", "hardware", "units", "memory", "driver", "kernels", "state" }));
        Assert.That(lines[1].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Is.EqualTo(new[] { "cuda:0", "cuda GPU", "Emulated GPU", "8", "1.0 GiB", "NVIDIA CUDA 12.4", "NVRTC 12.4 for sm_90", "usable" }));
        Assert.That(lines, Has.Some.StartsWith("cpu ").And.Some.StartsWith("opencl:0 "));
        Assert.That(lines, Has.None.Contains("install"), "a GPU is there");
    }

    [Test]
    public void Json_has_the_names_that_scripts_rely_on()
    {
        JsonElement json = JsonDocument.Parse(Devices(CudaEmulator.Shared.Folder, "--json")).RootElement;
        JsonElement cuda = json.GetProperty("devices")[0];
        foreach ((string name, object value) in (ReadOnlySpan<(string, object)>)
            [
                ("name", "cuda:0"), ("kind", "cuda"), ("description", "Emulated GPU"), ("memory", 1L << 30), ("units", 8L),
                ("instructions", "NVRTC 12.4 for sm_90"), ("driver", "NVIDIA CUDA 12.4"), ("reason", ""),
            ])
            Assert.That(cuda.GetProperty(name).ToString(), Is.EqualTo($"{value}"), name);
        Assert.That((cuda.GetProperty("usable").GetBoolean(), cuda.GetProperty("is_gpu").GetBoolean()), Is.EqualTo((true, true)));
        Assert.That(json.GetProperty("missing").GetArrayLength(), Is.Zero);
    }

    [Test]
    public void Without_a_gpu_it_says_what_to_install()
    {
        NeedsAttribute.Check(Need.Compiler);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["driver.c"], "int cuInit(unsigned flags) { return 0; }");
        using (var compiler = Process.Start("c++", ["-x", "c", "-shared", "-fPIC", "-o", folder["libcuda.so.1"], folder["driver.c"]]))
            compiler.WaitForExit();
        string[] lines = Devices(folder.Path).TrimEnd().Split('\n');
        bool hasOtherGpu = lines.Any(l => l.StartsWith("opencl:", StringComparison.Ordinal) && l.Contains(" GPU "));
        Assert.That(lines[^1].Contains("the CUDA driver is too old") && lines[^1].Contains("update NVIDIA's driver"), Is.EqualTo(!hasOtherGpu));
    }

    private static string Devices(string cuda, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "naf.dll"), "devices", .. more])
        {
            RedirectStandardOutput = true, Environment = { ["NAF_CUDA_PATH"] = cuda },
        };
        using Process naf = Process.Start(start)!;
        string output = naf.StandardOutput.ReadToEnd();
        naf.WaitForExit();
        Assert.That(naf.ExitCode, Is.Zero);
        return output;
    }
}
