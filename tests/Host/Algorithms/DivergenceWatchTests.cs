using Naf.Host.Agents;
using Naf.Kernels.Update;

namespace Naf.Tests;

internal sealed class DivergenceWatchTests
{
    [Test]
    public void A_mean_Q_that_leaves_what_rewards_allow_is_told_once()
    {
        var watch = new DivergenceWatch();
        string?[] told = [.. new[] { 50, 105, 120, 150, 200, 300 }.Select((q, i) => watch.Add(i + 1, Report(q, 4)))];
        Assert.That(told.Select(t => t is not null), Is.EqualTo([false, false, false, false, true, false]));
        Assert.That(told[4], Does.Contain("mean is 200").And.Contain("0 to 100"));
        Assert.That((watch.Diverges, watch.Since), Is.EqualTo((true, 5)));
    }

    [Test]
    public void TD_errors_as_large_as_the_values_are_told()
    {
        var watch = new DivergenceWatch();
        string?[] told = [.. Enumerable.Range(1, 3).Select(e => watch.Add(e, Report(50, 3600)))];
        Assert.That(told[2], Does.Contain("TD error 60"));
    }

    [Test]
    public void A_Q_far_beyond_the_rewards_that_shrinks_for_a_while_is_told()
    {
        // mean Q of cartpole with learning_rate=0.01, tau=1 and bound_values=false, in a range of 100
        var watch = new DivergenceWatch();
        int[] q = [1500, 171000, 73000, 41000, 33000];
        string?[] told = [.. q.Select((mean, i) => watch.Add(i + 1, Report(mean, 1)))];
        Assert.That(told.Select(t => t is not null), Is.EqualTo([false, false, true, false, false]));
        Assert.That(watch.Diverges, Is.True, "still, in its last episode");
    }

    [Test]
    public void A_Q_that_grows_without_any_reward_is_told()
    {
        var watch = new DivergenceWatch();
        string?[] told = [.. new[] { 5, 20, 30, 40 }.Select(
            (q, i) => watch.Add(i + 1, Report(q, 1) with { ValueRange = (0, 0) }))];
        Assert.That(told.Select(t => t is not null), Is.EqualTo([false, false, false, true]));
        Assert.That(told[3], Does.Contain("mean is 40").And.Contain("allow 0 to 0"));
    }

    [TestCase(100, TestName = "A value at its limit is none that diverges")]
    [TestCase(109, TestName = "A value a little beyond its limit is none that diverges")]
    public void Values_near_the_limit_are_not_told(double q)
    {
        var watch = new DivergenceWatch();
        for (int e = 1; e < 20; e++) Assert.That(watch.Add(e, Report(q, 100)), Is.Null);
        Assert.That(watch.Diverges, Is.False);
    }

    [Test]
    public void A_Q_that_comes_back_is_not_told()
    {
        // the untrained networks' values, before rewards were seen that allow them
        var watch = new DivergenceWatch();
        foreach (double q in new[] { 300.0, 290, 250, 200, 150, 90 }) Assert.That(watch.Add(1, Report(q, 1)), Is.Null);
        // a small Q without any reward, limits of γ = 1, and no update allow no statement
        foreach (float high in new[] { 0f, float.PositiveInfinity })
            for (int e = 0; e < 5; e++)
                Assert.That(watch.Add(e, Report(3, 1) with { ValueRange = (high > 0 ? -high : 0, high) }), Is.Null);
        for (int e = 0; e < 5; e++) Assert.That(watch.Add(e, Report(double.NaN, double.NaN)), Is.Null);
    }

    private static LearnerReport Report(double q, double loss) => new(1, loss, 1, q, true, (0, 100));
}
