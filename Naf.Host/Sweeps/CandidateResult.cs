using Naf.Host.Policies;
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
        if (!File.Exists(RunFolder.MetricsOf(run))) return null;
        string[] lines = File.ReadAllLines(RunFolder.MetricsOf(run)), header = lines.FirstOrDefault("").Split(',');
        LearnerRows[] learners = [.. lines.Skip(1).Select(line => line.Split(',', header.Length))
            .Where(row => row.Length == header.Length)
            .GroupBy(row => row[Array.IndexOf(header, "learner")]).Select(rows => new LearnerRows(header, [.. rows]))];
        if (learners.Length < candidate.Settings.Learners
            || learners.Any(l => !l.Stopped && l.Episode < episodes)) return null;
        // verification.csv is there only once all learners have ended
        IReadOnlyList<VerifiedPolicy>? verified = VerifiedPolicy.Read(RunFolder.VerificationOf(run));
        if (!(verified is [{ Episodes: var counted }, ..] && counted == candidate.Settings.VerificationEpisodes)
            && !learners.All(l => l.Stopped)) return null;
        double?[] best = [.. learners.Select(l => l.BestTest)];
        return new CandidateResult(
            candidate, run, episodes,
            TrainingResult.Median(learners.Select(l => l.Stopped ? null : Score(l.Learner))
                .Select(score => (double?)(score is { } s && double.IsFinite(s) ? s : double.NegativeInfinity)))!.Value,
            TrainingResult.Median(best), best.Min(), best.Max(),
            TrainingResult.Median(learners.Select(l => l.LastTest)), learners.Count(l => l.Stopped),
            learners.Count(l => l.Diverged), SecondsOf(run));

        double? Score(string learner) => verified?.FirstOrDefault(
            p => p.Policy == VerifiedPolicy.BestName && $"{p.Learner}" == learner)?.Score;
    }

    /// <summary>
    /// The candidates in order: those that trained for more episodes first, then by verified score; those without one
    /// are the last.
    /// </summary>
    public static IReadOnlyList<CandidateResult> Rank(IEnumerable<CandidateResult> results) =>
        [.. results.OrderByDescending(r => r.Episodes).ThenByDescending(r => r.VerifiedBest).ThenBy(r => r.Stopped)
            .ThenBy(r => r.Candidate.Number)];

    private static double SecondsOf(string run)
    {
        string path = RunFolder.TimingOf(run);
        string[] last = File.Exists(path) ? File.ReadLines(path).Last().Split(',') : [];
        return last.Length > 2 && double.TryParse(last[2], CultureInfo.InvariantCulture, out double s) ? s : 0;
    }

    // a learner's rows of metrics.csv
    private sealed class LearnerRows(string[] header, string[][] rows)
    {
        public string Learner => Field(rows[0], "learner");

        public int Episode => int.Parse(Field(rows[^1], "episode"), CultureInfo.InvariantCulture);

        public bool Stopped => Field(rows[^1], "stopped").Length > 0;

        public bool Diverged => rows.Any(row => Field(row, "diverges") == "1");

        public double? BestTest => Tests.Max();

        public double? LastTest => Tests.LastOrDefault();

        private IEnumerable<double?> Tests =>
            from row in rows
            let text = Field(row, "test_score")
            where text.Length > 0
            let score = double.Parse(text, CultureInfo.InvariantCulture)
            where double.IsFinite(score)
            select (double?)score;

        private string Field(string[] row, string name) => row[Array.IndexOf(header, name)];
    }
}
