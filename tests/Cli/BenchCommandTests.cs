namespace Naf.Tests;

/// <summary>naf bench of kernels: member names that scripts use, ceilings beside the results, error messages.</summary>
internal sealed class BenchCommandTests
{
    [TestCase("update --hidden 31,17 --state 5 --action 2", "\"hidden\":[31,17],\"trunk\":false",
        "updates_per_second", "threads", "learners", "batch", "state", "action", "updates_per_call", "active_units")]
    [TestCase("update --twin --hidden 31,17 --state 5 --action 2", "\"trunk\":false,\"twin\":true",
        "updates_per_second", "threads", "learners", "batch", "state", "action", "updates_per_call", "active_units")]
    [TestCase("rollout --hidden 31,17 --joints 3 --action 2 --rollouts 31 --learners 2",
        "\"state\":6,\"action\":2,\"hidden\":[31,17]", "imagined_steps_per_second", "rollouts", "steps", "error")]
    [TestCase("fit --horizon 17 --state 5 --action 2 --episodes 3 --learners 2", "\"learners\":2,\"horizon\":17",
        "milliseconds_per_fit", "learners", "horizon", "episodes", "error")]
    [TestCase("advantage --batch 443 --action 3", "\"batch\":443,\"action\":3",
        "evaluations_per_second", "batch", "action", "error")]
    public void Json_has_sizes_result_and_ceilings(string arguments, string sizes, params string[] names)
    {
        JsonElement json = TinyRun.CliJson(
            ["bench", .. arguments.Split(' '), "--device", "cpu", "--threads", "1", "--seconds", "0.02", "--json"]);
        Assert.That(json.Text("device"), Is.EqualTo("cpu"));
        foreach (string name in (string[])[.. names, "gflop_per_second", "gigabytes_per_second"])
            Assert.That(json.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
        foreach (string name in (string[])[names[0], "ceiling_gflop_per_second", "ceiling_gigabytes_per_second"])
            Assert.That(json.Number(name), Is.Positive, name);
        Assert.That(json.Count("rounds"), Is.GreaterThanOrEqualTo(3));
        Assert.That(json.GetRawText(), Does.Contain(sizes));
    }

    [Test]
    public void An_OpenCL_device_is_timed_too()
    {
        string device;
        using (var opened = GpuDevices.Open(GpuDevices.Pocl)) device = opened.Info.Name;
        JsonElement json = TinyRun.CliJson(
            "bench", "advantage", "--device", device, "--batch", "100", "--seconds", "0.02", "--json");
        Assert.That(json.Text("device"), Is.EqualTo(device));
        Assert.That(json.Number("evaluations_per_second"), Is.Positive);
    }

    [TestCase("bench update --plan 3,3,3,3,x --device {pocl}", "such as 256,2,2,128,together")]
    [TestCase("bench update --twin --trunk", "leave out one")]
    [TestCase("bench fit --state 0", "--state 0: expected a whole number from 1")]
    [TestCase("bench rollout --learners 0", "--learners 0: expected a whole number from 1")]
    [TestCase("bench advantage --action 65", "--action 65: expected a whole number from 1 to 64")]
    [TestCase("bench update --device opencl:99", "opencl:99 is not available")]
    public void An_error_is_one_sentence_with_the_remedy(string arguments, string part)
    {
        using var pocl = GpuDevices.Open(GpuDevices.Pocl);
        (int exitCode, string output, string error) = TinyRun.Cli(
            arguments.Replace("{pocl}", pocl.Info.Name).Split(' '));
        Assert.That((exitCode, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.StartWith("naf: ").And.Contain(part).And.Not.Contain("should not happen"));
        Assert.That(error.Trim().Split('\n'), Has.Length.EqualTo(1));
    }
}
