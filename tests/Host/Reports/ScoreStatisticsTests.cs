using Naf.Host.Reports;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>Aggregate scores against closed forms and scipy's values.</summary>
internal sealed class ScoreStatisticsTests
{
    // scipy.stats.trim_mean(x, 0.25), which rliable uses
    [TestCase(4.5, 8, 1, 7, 2, 6, 3, 5, 4)]
    [TestCase(3, 1, 2, 3, 4, 100)]
    [TestCase(2, 1, 3)]
    [TestCase(-7, -7)]
    public void The_interquartile_mean_leaves_out_a_quarter_at_each_end(double expected, params double[] values) =>
        Assert.That(ScoreStatistics.InterquartileMean(values), Is.EqualTo(expected).Within(1e-12));

    [Test]
    public void The_probability_of_improvement_counts_pairs_by_task()
    {
        double[][] x = [[1, 2, 3], [0, 5]], y = [[2, 2], [1]];
        // task 1: pairs 1<2 twice, 2=2 twice, 3>2 twice: 1/2; task 2: 0<1, 5>1: 1/2
        Assert.That(ScoreStatistics.ProbabilityOfImprovement(x, y), Is.EqualTo(0.5));
        double[][] above = [[4, 5], [6]];
        Assert.That(ScoreStatistics.ProbabilityOfImprovement(above, x), Is.EqualTo(1));
        Assert.That(ScoreStatistics.ProbabilityOfImprovement(x, above), Is.Zero);
    }

    [Test]
    public void A_profile_is_the_share_above_each_threshold() => Assert.That(
        ScoreStatistics.Profile([[0, 1], [2, 3]], [-1, 0, 1.5, 3]), Is.EqualTo(new[] { 1, 0.75, 0.5, 0 }));

    [Test]
    public void A_bootstrap_interval_of_a_mean_is_about_two_standard_errors()
    {
        double[] samples = [.. Enumerable.Range(0, 400).Select(i =>
            Philox.Normal(7, RandomStream.Exploration, (ulong)i))];
        double mean = samples.Average(),
            error = Math.Sqrt(samples.Sum(s => (s - mean) * (s - mean))) / samples.Length;
        Estimate estimate = ScoreStatistics.Bootstrap([samples], scores => scores[0].Average());
        Assert.That(estimate.Value, Is.EqualTo(mean));
        // 2,000 resamples know a 2.5 % quantile to about 3 % of its distance from the mean
        Assert.That(mean - estimate.Low, Is.EqualTo(1.96 * error).Within(10).Percent);
        Assert.That(estimate.High - mean, Is.EqualTo(1.96 * error).Within(10).Percent);
    }

    [Test]
    public void A_bootstrap_resamples_within_each_task()
    {
        // tasks of equal scores have no spread, however different the tasks are
        Estimate estimate = ScoreStatistics.Bootstrap([[1, 1, 1], [50, 50]], scores => scores.Sum(s => s.Average()));
        Assert.That(estimate, Is.EqualTo(new Estimate(51, 51, 51)));
    }

    [Test]
    public void A_seed_that_never_gets_there_is_later_than_all_others()
    {
        Assert.That(ScoreStatistics.MedianOrNever([20, null, 10]), Is.EqualTo(20));
        Assert.That(ScoreStatistics.MedianOrNever([20, null, null]), Is.Null);
    }
}
