using Naf.Gpu;

namespace Naf.Tests;

/// <summary>naf devices: the CPU, OpenCL devices, the emulated device, and what is missing.</summary>
internal sealed class DevicesCommandTests
{
    [Test]
    public void Json_has_every_device_and_the_names_that_scripts_rely_on()
    {
        JsonElement json = TinyRun.CliJson("devices", "--json");
        JsonElement[] devices = [.. json.GetProperty("devices").EnumerateArray()];
        Assert.That(devices.Select(d => d.Text("name")), Is.EqualTo(DeviceList.All().Select(d => d.Name)));
        foreach (JsonElement device in devices)
            foreach (string name in (string[])
                ["kind", "description", "memory", "units", "instructions", "driver", "usable", "reason", "is_gpu"])
                Assert.That(device.TryGetProperty(name, out _), Is.True, name);
        Assert.That(devices.Select(d => d.Text("kind")), Contains.Item("cpu").And.Contains("emulated"));
        Assert.That(json.Count("missing"), Is.EqualTo(DeviceList.Missing().Count));
    }

    [Test]
    public void Without_a_gpu_it_says_what_to_install()
    {
        (int exitCode, string output, _) = TinyRun.Cli("devices");
        Assert.That(exitCode, Is.Zero);
        foreach (string missing in DeviceList.Missing())
            Assert.That(output.Contains(missing, StringComparison.Ordinal),
                Is.Not.EqualTo(DeviceList.All().Any(d => d.IsGpu && d.Usable)), missing);
    }
}
