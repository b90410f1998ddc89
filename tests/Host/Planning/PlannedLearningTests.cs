using Naf.Host.Settings;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>iLQG under fitted dynamics, without NAF: it learns a task by itself.</summary>
public sealed class PlannedLearningTests : MujocoFixture
{
    // the table of docs/algorithms/ilqg.md
    [Test]
    public void It_reaches_in_fifteen_episodes_of_any_seed()
    {
        double[][] tests = [.. Enumerable.Range(1, 10).Select(seed =>
        {
            using var learning = new PlannedLearning("reacher-single", 5, new IlqgSettings(), (ulong)seed);
            return Enumerable.Range(0, 6).Select(_ =>
            {
                learning.Round();
                return learning.Test(4);
            }).ToArray();
        })];
        for (int round = 0; round < 6; round++)
        {
            double[] scores = [.. tests.Select(t => t[round])];
            TestContext.Out.WriteLine($"{5 * (round + 1)} episodes: {scores.Average():F3} [{scores.Min():F3}, {scores.Max():F3}]");
        }
        Assert.That(tests.Select(t => t[2]), Is.All.GreaterThan(-0.295));
    }

    [Test]
    public void The_same_seed_learns_the_same()
    {
        // random play scores −2.3, a planner of short sight with the true dynamics −0.24
        double[] scores = Scores(out double test);
        TestContext.Out.WriteLine($"{string.Join(", ", scores)}; without noise {test}");
        Assert.That(scores[0], Is.LessThan(-2), "u ~ N(0, 0.5²) at first");
        Assert.That(scores[3], Is.GreaterThan(-0.4), "the episodes by the third plan");
        Assert.That(scores[^1], Is.GreaterThan(-0.25));
        Assert.That(test, Is.GreaterThan(-0.24));
        Assert.That(Scores(out _), Is.EqualTo(scores), "the same seed, the same numbers");

        double[] Scores(out double test)
        {
            using var learning = new PlannedLearning("reacher-single", 5, new IlqgSettings(), seed: 1);
            double[] scores = [.. Enumerable.Range(0, 6).Select(_ => learning.Round())];
            test = learning.Test(5);
            return scores;
        }
    }
}
