using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class LaunchPlanTests
{
    [Test]
    public void A_plan_is_read() => Assert.That(
        LaunchPlan.Parse("256,8,4,16,phases"), Is.EqualTo(new LaunchPlan(256, 8, 4, 16, PlanLaunch.ByPhase)));

    [TestCase("")]
    [TestCase("256,8,4,16")]
    [TestCase("256,8,3,16,phases")]
    [TestCase("100,8,4,16,together")]
    [TestCase("256,8,4,0,together")]
    [TestCase("256,8,4,16,later")]
    public void An_impossible_plan_is_refused(string text) =>
        Assert.That(() => LaunchPlan.Parse(text), Throws.ArgumentException.With.Message.Contains("such as 256,2,2,128,together"));
}
