using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Update;

namespace Naf.Tests;

internal sealed class LaunchPlanTests
{
    // 132 multiprocessors, as on an H200
    [TestCase(1, true,
        ExpectedResult = "256 threads, 2 samples a group (2 a thread), 128 groups a learner, one launch a call")]
    [TestCase(8, true,
        ExpectedResult = "256 threads, 8 samples a group (8 a thread), 32 groups a learner, one launch a call")]
    [TestCase(128, true,
        ExpectedResult = "256 threads, 16 samples a group (8 a thread), 2 groups a learner, one launch a call")]
    [TestCase(512, true,
        ExpectedResult = "256 threads, 16 samples a group (8 a thread), 1 groups a learner, one launch a call")]
    [TestCase(1, false,
        ExpectedResult = "256 threads, 2 samples a group (2 a thread), 128 groups a learner, one launch a phase")]
    public string Few_learners_are_spread_over_groups_and_many_take_one_each(int learners, bool cooperative) =>
        Choose(new NafShape(20, 6, [200, 200]), learners, cooperative, 227 << 10).ToString();

    [Test]
    public void Tiles_shrink_to_the_local_memory_and_what_never_fits_is_refused()
    {
        LaunchPlan plan = Choose(new NafShape(20, 6, [2000, 200]), 512, false, 48 << 10);
        Assert.That(plan.SharedBytes(new NafShape(20, 6, [2000, 200])), Is.LessThanOrEqualTo(48 << 10));
        Assert.That(plan.Rows, Is.LessThan(16));
        var coupled = new NafShape(20, 6, [200, 200], Normalisation: Normalisation.Batch);
        Assert.That(() => Choose(coupled, 1, false, 48 << 10),
            Throws.TypeOf<DeviceException>().With.Message.Contains("normalisation=layer"));
    }

    private static LaunchPlan Choose(NafShape shape, int learners, bool cooperative, int sharedBytes) =>
        LaunchPlan.Choose(
            new DeviceInfo("cuda:0", "cuda", "a GPU", 1L << 37, 132, "", true, IsGpu: true),
            new GpuLimits(132, 1024, sharedBytes, 1L << 37, 1L << 37, true, cooperative), shape, 64, learners);

    [Test]
    public void A_plan_is_read() => Assert.That(
        LaunchPlan.Parse("256,8,4,16,phases"), Is.EqualTo(new LaunchPlan(256, 8, 4, 16, PlanLaunch.ByPhase)));

    [TestCase("")]
    [TestCase("256,8,4,16")]
    [TestCase("256,8,3,16,phases")]
    [TestCase("2000,8,4,16,together")]
    [TestCase("256,8,4,0,together")]
    [TestCase("256,8,4,16,later")]
    public void An_impossible_plan_is_refused(string text) =>
        Assert.That(() => LaunchPlan.Parse(text),
            Throws.ArgumentException.With.Message.Contains("such as 256,2,2,128,together"));
}
