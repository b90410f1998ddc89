using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Files;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>
/// Episodes as CSV, a row for each: its number, score (empty for one that was dropped), success (1 or 0; empty if the
/// task has no section <c>success</c>), steps, steps to the threshold (empty if it was not reached), whether the
/// simulation broke down, and the task's measures (empty for one that measured nothing).
/// </summary>
internal static class EpisodeTable
{
    private const string Header = "episode,score,success,steps,steps_to_threshold,unstable";

    /// <summary>Checks that the table can be written to a path without overwriting another kind of file.</summary>
    /// <inheritdoc cref="OutputFile.CheckCsv" path="/exception"/>
    public static void CheckPlace(string path) => OutputFile.CheckCsv(
        path, "table of episodes", first => first.StartsWith(Header, StringComparison.Ordinal));

    /// <summary>Writes a file, replacing an older one.</summary>
    /// <param name="scores">[episodes], by <see cref="Evaluator.Scores"/>.</param>
    /// <exception cref="UserException">The file can't be written.</exception>
    public static void Write(
        string path, IControlTask task, IReadOnlyList<EpisodeOutcome> episodes, IReadOnlyList<double?> scores)
    {
        var text = new StringBuilder(CsvFile.Line([.. Header.Split(','), .. Evaluator.MeasureNames(task)]));
        for (int i = 0; i < episodes.Count; i++)
        {
            EpisodeOutcome e = episodes[i];
            text.Append(CsvFile.Line([i, scores[i], task.MeasuresSuccess ? e.Success ? 1 : 0 : null, e.Steps,
                e.StepsToThreshold, e.Failure is null ? 0 : 1,
                .. e.Measures.Select(m => double.IsNaN(m) ? (object?)null : m)]));
        }
        OutputFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
