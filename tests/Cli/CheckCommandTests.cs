namespace Naf.Tests;

/// <summary>naf check: the table, the member names that scripts use, and the exit code.</summary>
internal sealed class CheckCommandTests
{
    [Test]
    public void Every_kernel_of_the_emulated_device_passes()
    {
        JsonElement json = TinyRun.CliJson("check", "--device", "emulated", "--json");
        Assert.That((json.Text("device"), json.GetProperty("passed").GetBoolean()), Is.EqualTo(("emulated", true)));
        JsonElement[] kernels = [.. json.GetProperty("kernels").EnumerateArray()];
        Assert.That(kernels.Select(k => k.Text("kernel")!.Split(':')[0]).Distinct(),
            Is.EquivalentTo(new[] { "advantage", "update", "act", "evaluate", "regression", "rollouts", "fit" }));
        foreach (JsonElement kernel in kernels)
            Assert.That(kernel.Number("error"), Is.LessThanOrEqualTo(kernel.Number("bound")), $"{kernel}");
    }

    [Test]
    public void The_processor_is_checked_likewise_and_a_missing_device_is_refused()
    {
        (int exitCode, string output, _) = TinyRun.Cli("check", "--device", "cpu");
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain("computes right").And.Not.Contain("WRONG"));
        Assert.That(TinyRun.Cli("check", "--device", "cuda:99").ExitCode, Is.EqualTo(1));
    }
}
