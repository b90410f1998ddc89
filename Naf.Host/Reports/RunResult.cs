using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Training;

namespace Naf.Host.Reports;

/// <summary>
/// What a report needs of a run: read from its folder, finished or not, or from the small JSON file that
/// <see cref="Write"/> makes of it.
/// </summary>
/// <param name="Name">The folder's or the file's name.</param>
/// <param name="Episodes">Episodes that were asked for.</param>
/// <param name="Ended">Episodes completed by every learner not stopped early; the maximum if all were.</param>
/// <param name="IsVerified">Whether the policies were scored from starts of their own, which ends a run.</param>
/// <param name="Changes">Settings that differ from the task's own, by key.</param>
/// <param name="Command">The command that repeats the run.</param>
/// <param name="Versions">Versions and hardware, by key of config.yaml.</param>
/// <param name="Seconds">Duration of the training; 0 if timing.csv is missing.</param>
/// <param name="ModelError">Median error of the dynamics one step ahead, in standard deviations.</param>
/// <param name="ImaginedUntil">The last episode with imagined steps; null if there was none.</param>
/// <param name="Parts">
/// Seconds spent in each part of training, by its name; null in a result of an earlier version.
/// </param>
internal sealed record RunResult(
    string Name, string Task, string Algorithm, int Episodes, int Ended, bool IsVerified,
    IReadOnlyDictionary<string, string> Changes, string Command,
    IReadOnlyDictionary<string, string> Versions, double Seconds, long Updates, double? ModelError,
    int? ImaginedUntil, IReadOnlyList<LearnerResult> Learners, IReadOnlyDictionary<string, double>? Parts = null)
{
    private const string Ending = ".json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The algorithm and the changes that concern learning, such as "naf, imagination=fitted".</summary>
    public string Method => string.Join(", ", Changes
        .Where(change => !change.Key.StartsWith("test_", StringComparison.Ordinal)
            && change.Key != "verification_episodes")
        .Select(change => $"{change.Key}={change.Value}").Prepend(Algorithm));

    public bool IsFinished => Ended >= Episodes || Learners.All(l => l.Stopped is not null);

    /// <summary>Median over learners of a value that some may lack.</summary>
    public double? Median(Func<LearnerResult, double?> value) => TrainingResult.Median(Learners.Select(value));

    /// <summary>Reads a run's folder or a result file.</summary>
    /// <exception cref="UserException">It is neither, or is damaged.</exception>
    public static RunResult Read(string path)
    {
        if (!path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)) return RunReader.Read(path);
        if (!File.Exists(path)) throw new UserException($"there is no file {path}; name a run's folder or result file");
        try
        {
            return JsonSerializer.Deserialize<RunResult>(File.ReadAllText(path), Json)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new UserException(
                $"{path} is damaged, or not a result file of naf reproduce; delete it, and naf reproduce writes it "
                + "again from its run", e);
        }
    }

    /// <summary>Writes the result file, which <see cref="Read"/> reads.</summary>
    /// <exception cref="IOException">It can't be written; an older file is unchanged.</exception>
    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, Json));
}
