namespace Naf.Host.Agents;

/// <summary>The results of one learner.</summary>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="BestTestScore">Mean score of its best test; null before the first.</param>
/// <param name="BestEpisode">Training episodes before that test.</param>
/// <param name="FinalTestScore">Mean score of its last test.</param>
/// <param name="Episodes">Completed training episodes; an aborted one does not count.</param>
/// <param name="Stopped">Why the learner stopped early; null if it did not.</param>
/// <param name="DivergedEpisode">
/// Episode after which Q was first seen to diverge; null if it never was, and for gamma = 1, where Q is not watched.
/// </param>
public sealed record LearnerSummary(
    int Learner, ulong Seed, double? BestTestScore, int BestEpisode, double? FinalTestScore, int Episodes, long Updates,
    string? Stopped, int? DivergedEpisode)
{
    /// <summary>Training and test episodes whose simulation broke down.</summary>
    public int UnstableEpisodes { get; init; }

    /// <summary>Mean score of the best test's policy in its verification; null: not verified.</summary>
    public double? VerifiedBest { get; init; }

    /// <summary>Standard error of <see cref="VerifiedBest"/>.</summary>
    public double? VerifiedBestError { get; init; }

    /// <summary>Mean score of the last policy in its verification; null: not verified.</summary>
    public double? VerifiedLast { get; init; }

    /// <summary>Standard error of <see cref="VerifiedLast"/>.</summary>
    public double? VerifiedLastError { get; init; }
}
