using Naf.Host.Common;
using Naf.Host.Files;

namespace Naf.Host.Sweeps;

/// <summary>
/// A ranking as a CSV file: <c>ranking.csv</c> of the whole sweep, and <c>ranking-N.csv</c> of a rung that ends after N
/// episodes, which determines the candidates that continue.
/// </summary>
internal static class RankingFile
{
    /// <summary>Writes a file.</summary>
    /// <exception cref="IOException">The disk is full or not writable.</exception>
    public static void Write(string path, ImmutableArray<string> keys, IReadOnlyList<CandidateResult> ranking)
    {
        string[] start = ["rank", "candidate"], end = ["episodes", "verified_best", "best_test_score",
            "lowest_best_test", "highest_best_test", "final_test_score", "stopped", "diverged", "seconds"];
        string text = CsvFile.Line([.. start, .. keys, .. end]) + string.Concat(ranking.Select((r, i) => CsvFile.Line(
            [i + 1, r.Candidate.Number, .. r.Candidate.Values.Select(value => value.Value), r.Episodes,
                double.IsFinite(r.VerifiedBest) ? r.VerifiedBest : null, r.BestTestScore, r.LowestBestTest,
                r.HighestBestTest, r.FinalTestScore, r.Stopped, r.Diverged, r.Seconds])));
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The candidates in the order of a file; null if there is none.</summary>
    /// <exception cref="UserException">It does not have these candidates.</exception>
    public static IReadOnlyList<Candidate>? ReadOrder(string path, IReadOnlyList<Candidate> candidates)
    {
        if (!File.Exists(path)) return null;
        string?[] numbers = [.. File.ReadLines(path).Skip(1).Select(line => line.Split(',').ElementAtOrDefault(1))];
        Candidate[] order = [.. numbers.Distinct().SelectMany(n => candidates.Where(c => $"{c.Number}" == n))];
        return order.Length == candidates.Count
            ? order : throw new UserException($"{path}, which says which candidates go on, was changed; bring it back, "
                + "or choose another folder");
    }
}
