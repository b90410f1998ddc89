using Naf.Sim.Tasks.Yaml;
using NUnit.Framework;

namespace Naf.Tests;

public class NearestNameTests
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

    [Test]
    public void Near_names_are_asked_for() => Assert.That(NearestName.Hint("tua", ["tau", "gamma"]), Is.EqualTo("did you mean 'tau'?"));

    [Test]
    public void Far_names_are_answered_with_the_list() =>
        Assert.That(NearestName.Hint("elephant", ["tau", "gamma", "tau"]), Is.EqualTo("known: tau, gamma"));

    [Test]
    public void Nothing_known_is_said() => Assert.That(NearestName.Hint("tau", []), Is.EqualTo("there is none"));
}
