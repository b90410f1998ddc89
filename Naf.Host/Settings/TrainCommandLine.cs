namespace Naf.Host.Settings;

/// <summary>The command that trains with some settings, for a shell.</summary>
internal static class TrainCommandLine
{
    // settings that are options of their own
    private static readonly string[] Options = ["algorithm", "episodes"];

    /// <param name="task">The task, or the command of an environment.</param>
    /// <param name="settings">Those that differ from the task's own.</param>
    /// <param name="warmStart">The log of transitions that it begins with; null: none.</param>
    public static string Of(
        string task, SeedRange seeds, IEnumerable<(string Key, string Value)> settings, bool isCommand = false,
        string? warmStart = null) =>
        $"naf train {(isCommand ? "--env " : "")}{Quoted(task)} --seeds {seeds}"
        + (warmStart is null ? "" : $" --warm-start {Quoted(warmStart)}")
        + string.Concat(settings.Where(s => s != ("algorithm", "naf"))
            .Select(s => Options.Contains(s.Key)
                ? $" --{s.Key} {s.Value}" : $" --set {Quoted($"{s.Key}={s.Value.Replace(" ", "")}")}"));

    /// <summary>A word as a shell takes it.</summary>
    public static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "_-+.=/:".Contains(c))
            ? text : $"'{text.Replace("'", "'\\''")}'";
}
