using Naf.Host.Settings;
using Naf.Host.Sweeps;

namespace Naf.Tests;

/// <summary>The candidates of a sweep's file, and its errors.</summary>
internal sealed class SweepFileTests : FolderFixture
{
    public const string Grid = """
        task: cartpole
        episodes: 4
        seeds: 5..6
        fixed: {tau: 0.02, hidden: [8, 9]}
        grid:
          learning_rate: [1e-3, 0.01]
          noise_scale: [0.1, 1]

        """;

    public const string Random = """
        task: cartpole
        episodes: 4
        seeds: 5
        random:
          draws: 200
          seed: 1
          learning_rate: {log: [1e-4, 1e-2]}
          batch_size: {uniform: [16, 18]}
          normalisation: [none, batch, layer]
          gamma: {uniform: [0.9, 1]}

        """;

    [Test]
    public void A_grid_has_all_combinations()
    {
        SweepPlan plan = Read(Grid);
        Assert.That(plan.Candidates.Select(c => string.Join(' ', c.Assignments)), Is.EqualTo(new[]
        {
            "learning_rate=0.001 noise_scale=0.1", "learning_rate=0.001 noise_scale=1",
            "learning_rate=0.01 noise_scale=0.1", "learning_rate=0.01 noise_scale=1",
        }));
        TrainingSettings last = plan.Candidates[3].Settings;
        Assert.That((last.Learner.LearningRate, last.Exploration.Scale, last.Learner.Tau, last.Episodes, last.Seed,
            last.Learners), Is.EqualTo((0.01, 1.0, 0.02, 4, 5UL, 2)));
        Assert.That(last.Learner.RewardScale, Is.EqualTo(10), "the task's own");
        Assert.That(plan.CommandOf(plan.Candidates[0]), Is.EqualTo("naf train cartpole --seeds 5..6 --episodes 4 "
            + "--set tau=0.02 --set 'hidden=[8,9]' --set learning_rate=0.001 --set noise_scale=0.1"));
    }

    [Test]
    public void Draws_are_reproducible_and_within_their_ranges()
    {
        SweepPlan plan = Read(Random);
        Assert.That(Drawn(Read(Random)), Is.EqualTo(Drawn(plan)));
        Assert.That(Drawn(Read(Random.Replace("seed: 1", "seed: 2"))), Is.Not.EqualTo(Drawn(plan)));
        Assert.That(Drawn(Read(Random.Replace("draws: 200", "draws: 3"))), Is.EqualTo(Drawn(plan).Take(3)));
        double[] rates = Of(0), sizes = Of(1), gammas = Of(3);
        Assert.That(rates, Is.All.InRange(1e-4, 1e-2));
        Assert.That(rates.Count(rate => rate < 1e-3), Is.InRange(80, 120), "half: the logarithm is uniform");
        foreach (double size in (double[])[16, 17, 18])
            Assert.That(sizes.Count(s => s == size), Is.InRange(47, 87), "a third");
        Assert.That(gammas, Is.All.InRange(0.9, 1));
        Assert.That(gammas.Average(), Is.EqualTo(0.95).Within(0.006));
        Assert.That(plan.Candidates.Select(c => c.Values[2].Value).Distinct(),
            Is.EquivalentTo(new[] { "none", "batch", "layer" }));

        double[] Of(int key) => [.. plan.Candidates.Select(
            c => double.Parse(c.Values[key].Value, CultureInfo.InvariantCulture))];
        static string[] Drawn(SweepPlan of) => [.. of.Candidates.Select(c => string.Join(' ', c.Assignments))];
    }

    [Test]
    public void Each_combination_of_the_grid_has_the_same_draws()
    {
        SweepPlan plan = Read(Grid + "random: {draws: 3, seed: 7, gamma: {uniform: [0.9, 1]}}\n");
        Assert.That(plan.Candidates, Has.Count.EqualTo(12));
        Assert.That(plan.Candidates.Select(c => c.Values[2].Value).Distinct(), Has.Exactly(3).Items);
    }

    [Test]
    public void The_papers_grid_leaves_out_what_DDPG_does_not_have()
    {
        SweepPlan plan = SweepFile.Read(Path.Combine(Repository.Root, "docs/examples/sweeps/paper-grid.yaml"));
        Assert.That((plan.Candidates.Count, plan.LeftOut), Is.EqualTo((27, 9)));
        Assert.That(plan.Reason, Does.Contain("algorithm=ddpg has no batch normalisation"));
        Assert.That(plan.Candidates.GroupBy(c => c.Settings.Algorithm).Select(g => g.Count()),
            Is.EqualTo(new[] { 18, 9 }));
    }

    [TestCase(100, 25, 0.5, 5, ExpectedResult = "25 50 100")]
    [TestCase(100, 10, 1.0 / 3, 4, ExpectedResult = "12 32 92 100")]
    [TestCase(40, 1, 0.5, 10, ExpectedResult = "10 20 40")]
    [TestCase(7, 3, 0.5, 2, ExpectedResult = "4 6 7")]
    public string Rungs_end_where_tests_are(int episodes, int first, double keep, int testEvery) =>
        string.Join(' ', new Halving(keep, first).Rungs(episodes, testEvery));

    [TestCase(0.5, 5, ExpectedResult = 3)]
    [TestCase(0.5, 1, ExpectedResult = 1)]
    [TestCase(0.1, 3, ExpectedResult = 1)]
    [TestCase(0.7, 10, ExpectedResult = 7)]
    public int The_better_share_continues(double keep, int candidates) => new Halving(keep, 1).Kept(candidates);

    [TestCase("grid:", "gird:", ":5:1: unknown key 'gird' in 'sweep'; did you mean 'grid'?")]
    [TestCase("task: cartpole\n", "", "'sweep' has no key 'task', which it needs")]
    [TestCase("episodes: 4", "episodes: 0", "my.yaml line 2: episodes = '0' is not a whole number from 1")]
    [TestCase("5..6", "6..5", "my.yaml line 3: seeds 6..5: expected A..B with A not above B")]
    [TestCase("tau: 0.02", "tau: 2", "my.yaml line 4: tau = '2' is not a number in (0, 1]")]
    [TestCase("tau: 0.02", "seed: 3", ":4:9: seed is not given here but at the top of the file, as seeds: A..B")]
    [TestCase("tau", "device", ":4:9: device is not of the sweep but of the machine; leave it out, and add --device")]
    [TestCase("noise_scale", "noise_scal", ":7:3: there is no setting 'noise_scal'; did you mean 'noise_scale'?")]
    [TestCase("0.01]", "2]", ":6:25: learning_rate = '2' is not a number in (0, 1]")]
    [TestCase("[1e-3, 0.01]", "[]", ":6:18: 'learning_rate' has no values; list at least one")]
    [TestCase("[1e-3, 0.01]", "0.01", ":6:18: 'learning_rate' expects a list of values, not '0.01'")]
    [TestCase("0.01]", "0.001]", ":6:18: 'learning_rate' lists 0.001 twice; leave out one")]
    [TestCase("noise_scale", "test_every", ":7:3: test_every is equal for all candidates")]
    [TestCase("noise_scale", "tau", "'tau' is given twice; leave it in one of fixed, grid and random")]
    [TestCase("tau: 0.02", "verification_episodes: 0", "every combination is refused: verification_episodes = 0")]
    [TestCase("tau: 0.02", "noise_final: 0.1", "every combination is refused: noise_final = 0.1 is reached after")]
    public void An_error_has_its_line_and_remedy(string before, string after, string message) =>
        AssertRefused(Grid.Replace(before, after), message);

    [TestCase("", "seed: 1", "'random' has no key 'draws', which it needs")]
    [TestCase("draws: 3, seed: 1", "gamma: {uniform: [0.9, 2]}", ":8:52: gamma = '2' is not a number in [0, 1]")]
    [TestCase("draws: 3, seed: 1", "noise_scale2: [0]", "there is no setting 'noise_scale2'")]
    [TestCase("draws: 3, seed: 1", "noise_theta: {log: [0, 1]}", "both ends are above 0; raise 0, or use 'uniform'")]
    [TestCase("draws: 3, seed: 1", "gamma: {uniform: [1, 0.9]}", "a pair [low, high], low not above high")]
    [TestCase("draws: 3, seed: 1", "gamma: {uniform: [1, 1]}", "the range of 'gamma' is one number; move it to")]
    [TestCase("draws: 3, seed: 1", "normalisation: {log: [1, 2]}", "normalisation has no ranges")]
    [TestCase("draws: 3, seed: 1", "huber: [0, 1]", "are equal (huber=")]
    [TestCase("draws: 400, seed: 1", "gamma: {uniform: [0.9, 1]}", "has 1600 candidates or more, and at most 1000")]
    [TestCase("draws: 3, seed: -1", "huber: [0, 1]", "'seed' of the draws expects a whole number from 0, not '-1'")]
    [TestCase("draws: 3, seed: 1", "", "'random' draws nothing; add settings with their ranges")]
    public void An_error_of_the_draws_has_its_remedy(string start, string line, string message) =>
        AssertRefused($"{Grid}random: {{{string.Join(", ", new[] { start, line }.Where(t => t != ""))}}}\n", message);

    [TestCase("{keep: 1, first: 2}", ":8:17: 'keep' expects the share that continues, a number in (0, 1), not '1'")]
    [TestCase("{keep: 0.5, first: 4}", "'first' has the episodes of the first rung, fewer than all 4; lower '4'")]
    public void An_error_of_the_halving_has_its_remedy(string halving, string message) =>
        AssertRefused($"{Grid}halving: {halving}\n", message);

    [Test]
    public void A_sweep_that_varies_nothing_is_refused()
    {
        AssertRefused(Grid[..Grid.IndexOf("grid:", StringComparison.Ordinal)], "the sweep varies nothing; add 'grid'");
        AssertRefused("# nothing\n", "is empty; docs/sweeps.md shows what a sweep has");
    }

    private SweepPlan Read(string text)
    {
        File.WriteAllText(Folder["my.yaml"], text);
        return SweepFile.Read(Folder["my.yaml"]);
    }

    private void AssertRefused(string text, string message) =>
        Assert.That(Assert.Catch(() => Read(text))!.Message, Does.Contain(message).And.Contain("my.yaml"));
}
