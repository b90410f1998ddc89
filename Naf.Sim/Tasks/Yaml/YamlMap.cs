namespace Naf.Sim.Tasks.Yaml;

/// <summary>A key of a mapping, where it stands, and its value.</summary>
internal readonly record struct YamlEntry(string Key, YamlCursor KeyAt, YamlCursor Value);

/// <summary>A mapping of a YAML file, its keys in the file's order.</summary>
internal sealed record YamlMap(YamlCursor At, IReadOnlyList<YamlEntry> Entries)
{
    public YamlCursor? this[string key] => Entries.FirstOrDefault(entry => entry.Key == key).Value;

    public YamlCursor Required(string key) => this[key] ?? throw At.Error($"'{At.What}' has no key '{key}', which it needs");

    /// <summary>The one key among <paramref name="choices"/> that says what the mapping is.</summary>
    public (string Key, YamlCursor Value) OneOf(params string[] choices)
    {
        YamlEntry[] found = [.. Entries.Where(entry => choices.Contains(entry.Key))];
        return found.Length == 1
            ? (found[0].Key, found[0].Value)
            : throw At.Error($"'{At.What}' needs exactly one of the keys {string.Join(", ", choices)}; it has " +
                (found.Length == 0 ? "none" : string.Join(" and ", found.Select(entry => entry.Key))));
    }

    /// <summary>Refuses a key that has no meaning here.</summary>
    public void Refuse(string key, string reason)
    {
        if (this[key] is { } value) throw value.Error($"'{key}' has no meaning here: {reason}");
    }
}
