using Naf.Gpu.Cpu;

namespace Naf.Tests;

/// <summary>Kernels use 512-bit vectors; these tests run them where the runtime splits the vectors.</summary>
internal sealed class SmallerRegistersTests : FolderFixture
{
    [Test]
    public void Without_AVX_512_training_gives_the_same_metrics_bitwise()
    {
        if (CpuDevice.RegisterFloats < 16) Assert.Ignore("this processor has no AVX-512");
        string[] imagine = ["imagination=fitted", "imagined_steps=3", "refit_episodes=2", "hidden=[31, 100]"];
        string[] more = [.. imagine.SelectMany(s => new[] { "--set", s })];
        using ChildProcess wide = new(TinyRun.Arguments(Folder["wide"], 4, more)),
            narrow = Narrow(TinyRun.Arguments(Folder["narrow"], 4, more));
        using ChildProcess devices = Narrow("devices", "--json");
        Assert.That(wide.Wait(), Is.Zero, wide.Error.Result);
        Assert.That(narrow.Wait(), Is.Zero, narrow.Error.Result);
        Assert.That(devices.Wait(), Is.Zero, devices.Error.Result);
        Assert.That(devices.Output.Result, Does.Contain("AVX2"),
            "the variable has no effect: the test would compare a run with itself");
        Assert.That(TinyRun.Metrics(Folder["narrow"]), Is.EqualTo(TinyRun.Metrics(Folder["wide"])));
    }

    private static ChildProcess Narrow(params string[] arguments) => new("", [("DOTNET_EnableAVX512", "0")], arguments);
}
