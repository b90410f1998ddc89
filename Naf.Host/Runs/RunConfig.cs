using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Settings;
using Naf.Sim.Tasks;
using YamlDotNet.RepresentationModel;

namespace Naf.Host.Runs;

/// <summary>A run's config.yaml: its task, its resolved settings and the versions that it was made with.</summary>
/// <param name="Task">
/// A built-in task's name, or the full path of a task's file: what <see cref="Files"/> are copies of.
/// </param>
/// <param name="Versions">Versions at the start of the run, or at its last resumption if they differed.</param>
internal sealed record RunConfig(string Task, TrainingSettings Settings, Versions Versions)
{
    private const int Format = 1;

    /// <summary>The command that is the run's environment; null: its task is simulated or in C#.</summary>
    public string? Command { get; init; }

    /// <summary>
    /// The range of each action of an environment; empty for a simulated task, and in a run of an earlier version.
    /// </summary>
    public ImmutableArray<(double Low, double High)> Actions { get; init; } = [];

    /// <summary>Whether the task is no task file's: an environment in C# or a command.</summary>
    public bool IsEnvironment => Task.StartsWith(TaskLibrary.OwnEnvironment, StringComparison.Ordinal);

    /// <summary>
    /// The file of transitions that were in the replay before the first episode, and its SHA-256; null: none were.
    /// </summary>
    public (string Path, string Sha256)? WarmStart { get; init; }

    /// <summary>
    /// The run's copies of its task's files (<see cref="RunTask"/>), the task file first; empty for an environment in
    /// C#, and in a run of an earlier version.
    /// </summary>
    public ImmutableArray<(string Name, string Sha256)> Files { get; init; } = [];

    /// <summary>
    /// What was changed on purpose when the run was resumed, each with the episode after which it was.
    /// </summary>
    public ImmutableArray<string> History { get; init; } = [];

    /// <summary>The settings, a line KEY: VALUE each.</summary>
    public string SettingsText =>
        string.Concat(Setting.All.Select(setting => $"  {setting.Key}: {setting.Show(Settings)}\n"));

    /// <summary>
    /// The file's text, by which configurations are compared (arrays in records compare by reference).
    /// </summary>
    public string Text =>
        "# What this run was made with. The settings can be given to another one: naf train TASK --config config.yaml\n"
        + $"format: {Format}\ntask: {Quote(Task)}\n"
        + (Command is null ? "" : $"command: {Quote(Command)}\n")
        + (Actions.IsEmpty ? "" : $"action_low: {List(Actions.Select(a => a.Low))}\n"
            + $"action_high: {List(Actions.Select(a => a.High))}\n")
        + (WarmStart is var (log, sha256) ? $"warm_start: {Quote(log)}\nwarm_start_sha256: {sha256}\n" : "")
        + $"settings:\n{SettingsText}"
        + "versions:\n" + string.Concat(Versions.Entries.Select(entry => $"  {entry.Key}: {Quote(entry.Value)}\n"))
        + (Files.IsEmpty ? "" : "files:\n")
        + string.Concat(Files.Select(file => $"  {Quote(file.Name)}: {file.Sha256}\n"))
        + (History.IsEmpty ? "" : "history:\n") + string.Concat(History.Select(entry => $"  - {Quote(entry)}\n"));

    /// <summary>Writes the file atomically, replacing an older one.</summary>
    /// <exception cref="IOException">The file can't be written; an older one is unchanged.</exception>
    public void Write(string path) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(Text));

    /// <summary>Reads a file that <see cref="Write"/> wrote.</summary>
    /// <exception cref="UserException">The file is missing or invalid.</exception>
    public static RunConfig Read(string path)
    {
        if (!File.Exists(path))
            throw new UserException(
                $"{Path.GetDirectoryName(path)} is not a run's folder: it has no {Path.GetFileName(path)}");
        YamlMappingNode root = SettingsFile.ReadMapping(path)
            ?? throw new UserException($"{path} is empty; the run can't be used");
        string format = Scalar("format"), task = Scalar("task");
        if (format != Format.ToString(System.Globalization.CultureInfo.InvariantCulture))
            throw new UserException(
                $"{path} has format {format} and this naf reads format {Format}; use the version of naf that made it");
        IEnumerable<GivenValue> versions = SettingsFile.Values(Section("versions"), path);
        TrainingSettings settings = SettingsResolver.Resolve(SettingsFile.Values(Section("settings"), path));
        return new RunConfig(task, settings, Versions.From(versions.ToDictionary(v => v.Key, v => v.Value)))
        {
            Command = Has("command") ? Scalar("command") : null,
            Actions = Has("action_low") ? [.. Numbers("action_low").Zip(Numbers("action_high"))] : [],
            WarmStart = Has("warm_start") ? (Scalar("warm_start"), Scalar("warm_start_sha256")) : null,
            Files = Has("files") ? [.. SettingsFile.Values(Section("files"), path).Select(f => (f.Key, f.Value))] : [],
            History = Has("history")
                ? [.. (Node("history") as YamlSequenceNode ?? []).OfType<YamlScalarNode>().Select(n => n.Value ?? "")]
                : [],
        };

        bool Has(string key) => root.Children.ContainsKey(new YamlScalarNode(key));
        YamlNode Node(string key) => Has(key) ? root.Children[new YamlScalarNode(key)]
            : throw new UserException($"{path} has no {key}: it is not a run's config.yaml");
        string Scalar(string key) => (Node(key) as YamlScalarNode)?.Value ?? "";
        IEnumerable<double> Numbers(string key) => (Node(key) as YamlSequenceNode ?? []).Select(n =>
            double.TryParse(n.ToString(), CultureInfo.InvariantCulture, out double number) ? number
            : throw new UserException($"{path} line {n.Start.Line}: expected a number in {key}, not '{n}'"));
        YamlMappingNode Section(string key) => Node(key) as YamlMappingNode
            ?? throw new UserException($"{path} line {Node(key).Start.Line}: expected a mapping under {key}");
    }

    private static string List(IEnumerable<double> numbers) =>
        $"[{string.Join(", ", numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture)))}]";

    // a double-quoted scalar
    private static string Quote(string value) => $"\"{value.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
