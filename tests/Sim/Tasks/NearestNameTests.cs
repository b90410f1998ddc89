using Naf.Sim;
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

    [Test]
    public void Far_names_come_with_the_list() =>
        Assert.That(NearestName.Hint("elephant", ["tau", "gamma"]), Does.Contain("known: tau, gamma"));

    [Test]
    public void Nothing_known_is_said() => Assert.That(NearestName.Hint("tau", []), Is.EqualTo("there is none"));
}
