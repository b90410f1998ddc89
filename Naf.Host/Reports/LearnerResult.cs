namespace Naf.Host.Reports;

/// <summary>A test of a learner's deterministic policy.</summary>
/// <param name="Episode">Training episodes before it.</param>
/// <param name="Score">Mean score of its starts.</param>
/// <param name="SuccessRate">Null if the task does not measure success.</param>
internal sealed record TestResult(int Episode, double Score, double? SuccessRate);

/// <summary>What a run says of one of its learners.</summary>
/// <param name="Tests">In the order of episodes.</param>
/// <param name="VerifiedBest">Score of the policy of the best test from other starts; null if there is none.</param>
/// <param name="DivergedEpisode">First episode after which Q was beyond what the rewards allow.</param>
/// <param name="Stopped">Why the learner stopped early.</param>
/// <param name="UnstableEpisodes">Training and test episodes whose simulation broke down.</param>
internal sealed record LearnerResult(
    ulong Seed, IReadOnlyList<TestResult> Tests, double? VerifiedBest, double? VerifiedLast, int? DivergedEpisode,
    string? Stopped, int UnstableEpisodes)
{
    /// <summary>The test before the first episode, which is close to a random policy's.</summary>
    public double? Untrained => Tests is [{ Episode: 0 } first, ..] ? first.Score : null;

    public double? Best => Tests.Count == 0 ? null : Tests.Max(test => test.Score);

    public double? Last => Tests.Count == 0 ? null : Tests[^1].Score;

    /// <summary>Training episodes before the first test with this score or more; null if there is none.</summary>
    public int? FirstAtLeast(double score) => Tests.FirstOrDefault(test => test.Score >= score)?.Episode;

    /// <summary>
    /// Training episodes until a test is within 5 % of the best one, as Table 1 of the paper counts them.
    /// </summary>
    /// <param name="ofGain">
    /// The paper leaves open what the 5 % are of: the gain over the untrained policy, or else the best score's size.
    /// </param>
    public int? EpisodesToBest(bool ofGain) => Best is not { } best ? null : ofGain
        ? Untrained is { } untrained ? FirstAtLeast(best - 0.05 * (best - untrained)) : null
        : FirstAtLeast(best - 0.05 * Math.Abs(best));
}
