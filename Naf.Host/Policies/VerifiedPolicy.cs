using System.Text.Json.Serialization;
using Naf.Host.Evaluation;
using Naf.Host.Files;

namespace Naf.Host.Policies;

/// <summary>The verification of a policy: a row of verification.csv.</summary>
/// <param name="Policy"><see cref="BestName"/> or <see cref="LastName"/>.</param>
/// <param name="Episode">Training episodes that the learner had completed when it had this policy.</param>
/// <param name="Score">Mean score; null if the simulation failed.</param>
/// <param name="StandardError">Standard error of the mean; null for one episode.</param>
/// <param name="SuccessRate">Share of successful episodes; null if the task has no section <c>success</c>.</param>
/// <param name="Episodes">Episodes of the verification.</param>
internal sealed record VerifiedPolicy(
    int Learner, ulong Seed, string Policy, int Episode, double? Score, double? StandardError, double? SuccessRate,
    int Episodes)
{
    /// <summary>The names of a run's policies.</summary>
    public const string BestName = "best", LastName = "last";

    /// <summary>All scores; of a row that was read, the default.</summary>
    [JsonIgnore]
    public EvaluationResult Result { get; init; }

    /// <summary>[episodes], of which the scores are; empty for a row that was read.</summary>
    [JsonIgnore]
    public IReadOnlyList<EpisodeOutcome> Outcomes { get; init; } = [];

    private const string Header = "learner,seed,policy,episode,score,standard_error,success_rate,episodes";

    /// <summary>Writes verification.csv.</summary>
    /// <exception cref="IOException">The disk is full or not writable.</exception>
    public static void Write(string path, IEnumerable<VerifiedPolicy> rows)
    {
        string text = string.Concat(rows.Select(row => string.Join(',', row.Fields) + "\n").Prepend(Header + "\n"));
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Reads verification.csv; null if there is none or it is not one.</summary>
    public static IReadOnlyList<VerifiedPolicy>? Read(string path)
    {
        if (!File.Exists(path)) return null;
        string[] lines = File.ReadAllLines(path);
        if (lines.FirstOrDefault() != Header) return null;
        try
        {
            return [.. lines.Skip(1).Where(line => line.Length > 0).Select(line => Of(line.Split(',')))];
        }
        catch (Exception e) when (e is FormatException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private string[] Fields =>
    [
        .. ((IFormattable?[])[Learner, Seed]).Select(Text), Policy,
        .. ((IFormattable?[])[Episode, Score, StandardError, SuccessRate, Episodes]).Select(Text),
    ];

    private static VerifiedPolicy Of(string[] fields) => new(
        Whole(fields[0]), ulong.Parse(fields[1], CultureInfo.InvariantCulture), fields[2], Whole(fields[3]),
        Number(fields[4]), Number(fields[5]), Number(fields[6]), Whole(fields[7]));

    private static string Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "";

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static double? Number(string text) =>
        text.Length == 0 ? null : double.Parse(text, CultureInfo.InvariantCulture);
}
