namespace Naf.Kernels.Settings;

/// <summary>Marks a setting as a key of config.yaml and of <c>--set</c>; its initial value is the default.</summary>
/// <param name="key">The name, snake_case.</param>
/// <param name="range">
/// For a number an interval such as "(0, 1]", where a round bracket excludes the end. For a text the expected values,
/// in words. Otherwise empty.
/// </param>
/// <param name="meaning">What it does, in a few words.</param>
/// <param name="source">Source of the default, and further notes; may be empty.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string key, string range, string meaning, string source = "") : Attribute
{
    public readonly string Key = key, Range = range, Meaning = meaning, Source = source;

    /// <summary>Whether it is one of the few that most users set.</summary>
    public bool Basic { get; init; }
}
