namespace Naf.Kernels.Settings;

/// <summary>
/// Makes a property of the settings a key of config.yaml and of <c>--set</c>; its initial value is the default.
/// </summary>
/// <param name="key">The name, snake_case.</param>
/// <param name="range">
/// Of a number an interval, such as "(0, 1]": a round bracket leaves its end out. Of a text what is expected, in words.
/// Otherwise empty.
/// </param>
/// <param name="meaning">What it does, in a few words.</param>
/// <param name="source">Where the default comes from, and what else is to be known; may be empty.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string key, string range, string meaning, string source = "") : Attribute
{
    public readonly string Key = key, Range = range, Meaning = meaning, Source = source;

    /// <summary>Whether it is among the few that most users set.</summary>
    public bool Basic { get; init; }
}
