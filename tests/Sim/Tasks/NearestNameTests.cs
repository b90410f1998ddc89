using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

internal class NearestNameTests
{
    [TestCase("", "abc", 3)]
    [TestCase("horizon", "horizon", 0)]
    [TestCase("Horizon", "horizon", 0)]
    [TestCase("horzion", "horizon", 1)]
    [TestCase("kitten", "sitting", 3)]
    [TestCase("reward", "rewards", 1)]
    public void Distance_counts_edits(string a, string b, int expected) => Assert.Multiple(() =>
    {
        Assert.That(NearestName.Distance(a, b), Is.EqualTo(expected));
        Assert.That(NearestName.Distance(b, a), Is.EqualTo(expected));
    });

    [TestCase("tua", "tau")]
    [TestCase("GAMMA", "gamma")]
    [TestCase("learning_rte", "learning_rate")]
    [TestCase("elephant", null)]
    [TestCase("", null)]
    public void Near_is_the_name_that_was_probably_meant(string name, string? expected) =>
        Assert.That(NearestName.Near(name, ["tau", "gamma", "learning_rate"]), Is.EqualTo(expected));

    [Test]
    public void Near_of_nothing_is_null() => Assert.That(NearestName.Near("tau", []), Is.Null);

    [TestCase("tua", "did you mean 'tau'?", "tau", "gamma")]
    [TestCase("elephant", "known: tau, gamma", "tau", "gamma", "tau")]
    [TestCase("tau", "there is none")]
    public void Hint_is_a_near_name_or_the_list(string name, string expected, params string[] known) =>
        Assert.That(NearestName.Hint(name, known), Is.EqualTo(expected));
}
