using Naf.Host.Reports;
using Naf.Host.Runs;
using Naf.Host.Training;

namespace Naf.Host.Sweeps;

/// <summary>A candidate's results over its learners, read from its run's folder.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Episodes">Episodes that it was trained for, unless all its learners stopped.</param>
/// <param name="VerifiedBest">
/// Median of the verification of the best policies, where a learner that stopped counts as −∞; it ranks candidates.
/// </param>
/// <param name="BestTestScore">Median of the learners' best tests; null if there was none.</param>
/// <param name="LowestBestTest">Lowest of them.</param>
/// <param name="HighestBestTest">Highest of them.</param>
/// <param name="FinalTestScore">Median of the learners' last tests.</param>
/// <param name="Stopped">Learners that stopped early.</param>
/// <param name="Diverged">Learners whose Q was seen to diverge.</param>
/// <param name="Seconds">Duration of the training, without its verification.</param>
internal sealed record CandidateResult(
    Candidate Candidate, string Run, int Episodes, double VerifiedBest, double? BestTestScore, double? LowestBestTest,
    double? HighestBestTest, double? FinalTestScore, int Stopped, int Diverged, double Seconds)
{
    /// <summary>Reads a run's folder; null if it was not trained and verified for so many episodes.</summary>
    public static CandidateResult? Read(Candidate candidate, string run, int episodes)
    {
        if (!RunFolder.IsRun(run)) return null;
        RunResult result = RunReader.Read(run, describe: false);
        IReadOnlyList<LearnerResult> learners = result.Learners;
        bool allStopped = learners.All(l => l.Stopped is not null);
        if (!allStopped && !(result.Ended >= episodes && result.IsVerified)) return null;
        return new CandidateResult(
            candidate, run, episodes,
            TrainingResult.Median(learners.Select(l => l.Stopped is null ? l.VerifiedBest : null)
                .Select(score => (double?)(score ?? double.NegativeInfinity)))!.Value,
            result.Median(l => l.Best), learners.Min(l => l.Best), learners.Max(l => l.Best),
            result.Median(l => l.Last), learners.Count(l => l.Stopped is not null),
            learners.Count(l => l.DivergedEpisode is not null), result.Seconds);
    }

    /// <summary>
    /// The candidates in order: those that trained for more episodes first, then by verified score; those without one
    /// are the last.
    /// </summary>
    public static IReadOnlyList<CandidateResult> Rank(IEnumerable<CandidateResult> results) =>
        [.. results.OrderByDescending(r => r.Episodes).ThenByDescending(r => r.VerifiedBest).ThenBy(r => r.Stopped)
            .ThenBy(r => r.Candidate.Number)];
}
