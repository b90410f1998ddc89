
namespace Naf.Host.Agents;

/// <summary>What one learner came to.</summary>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="BestTestScore">Mean score of its best test; null before the first.</param>
/// <param name="BestEpisode">Training episodes before that test.</param>
/// <param name="FinalTestScore">Mean score of its last test.</param>
/// <param name="Episodes">Training episodes that it ended; one that broke off does not count.</param>
/// <param name="Updates">Updates that it made.</param>
/// <param name="Stopped">Why it stopped before its time; null when it did not.</param>
public sealed record LearnerSummary(
    int Learner, ulong Seed, double? BestTestScore, int BestEpisode, double? FinalTestScore, int Episodes, long Updates, string? Stopped);
