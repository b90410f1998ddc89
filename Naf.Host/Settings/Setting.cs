using System.Reflection;
using Naf.Host.Common;
using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>
/// One key of the settings: a property of <see cref="TrainingSettings"/> or of a nested record, read and written as
/// text.
/// </summary>
internal sealed class Setting
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly ImmutableArray<PropertyInfo> _path;
    private readonly SettingAttribute _attribute;

    private Setting(ImmutableArray<PropertyInfo> path, SettingAttribute attribute) =>
        (_path, _attribute) = (path, attribute);

    /// <summary>Every key, in the order in which config.yaml lists them: that of the properties.</summary>
    public static ImmutableArray<Setting> All { get; } = [.. Of(typeof(TrainingSettings), [])];

    /// <summary>The keys' names.</summary>
    public static IEnumerable<string> Keys => All.Select(s => s.Key);

    /// <summary>Name in YAML and in <c>--set</c>.</summary>
    public string Key => _attribute.Key;

    /// <summary>Short description, with the choices.</summary>
    public string Meaning => Type.IsEnum || Type == typeof(string)
        ? $"{_attribute.Meaning}: {Expected}" : _attribute.Meaning;

    /// <summary>Meaning and default, for a line of help.</summary>
    public string Help => $"{Meaning} [{Show(new TrainingSettings())}]";

    /// <summary>Whether it is one of the few that most users set.</summary>
    public bool IsBasic => _attribute.Basic;

    /// <summary>Source of the default; may be empty.</summary>
    public string Source => _attribute.Source;

    /// <summary>Whether its values are whole numbers.</summary>
    public bool IsWhole => Type == typeof(int);

    /// <summary>Whether its values are numbers.</summary>
    public bool IsNumber => IsWhole || Type == typeof(double);

    /// <summary>Description of valid values.</summary>
    public string Expected =>
        Type == typeof(int) ? $"a whole number from {_attribute.Range[1..^1].Replace(", ", " to ")}"
        : Type == typeof(ulong) ? $"a whole number from 0 to {ulong.MaxValue}"
        : Type == typeof(double) ? $"a number in {_attribute.Range}"
        : Type == typeof(bool) ? "true or false"
        : Type == typeof(string) ? _attribute.Range
        : Type.IsEnum ? Choices(Enum.GetNames(Type))
        : "one to four sizes from 1 to 4096, such as [200, 200]";

    private Type Type => _path[^1].PropertyType;

    /// <summary>A key's setting, or null.</summary>
    public static Setting? Find(string key) => All.FirstOrDefault(s => s.Key == key);

    /// <summary>The value in some settings, as text that <see cref="Parse"/> reads back.</summary>
    public string Show(TrainingSettings settings)
    {
        object value = _path.Aggregate((object)settings, (record, property) => property.GetValue(record)
            ?? throw new UserException($"settings: {property.Name} is null; leave it at its default or give a value"));
        return value switch
        {
            double number => number.ToString("R", Invariant),
            bool or Enum => value.ToString()!.ToLowerInvariant(),
            ImmutableArray<int> sizes => $"[{string.Join(", ", sizes.IsDefault ? [] : sizes)}]",
            _ => Convert.ToString(value, Invariant)!,
        };
    }

    /// <summary>The settings with another value; null when the text is not valid.</summary>
    public TrainingSettings? Parse(TrainingSettings settings, string text) =>
        Read(text) is { } value ? (TrainingSettings)With(settings, _path.AsSpan(), value) : null;

    private object? Read(string text)
    {
        if (Type == typeof(bool))
            return text.ToLowerInvariant() switch
            {
                "true" or "on" or "yes" => true,
                "false" or "off" or "no" => false,
                _ => null,
            };
        if (Type == typeof(string)) return text.Length > 0 ? text : null;
        if (Type.IsEnum)
            return Enum.GetValues(Type).Cast<object>().FirstOrDefault(v => v.ToString()!.ToLowerInvariant() == text);
        if (Type == typeof(ulong))
            return ulong.TryParse(text, NumberStyles.None, Invariant, out ulong seed) ? seed : null;
        if (Type == typeof(ImmutableArray<int>)) return Sizes(text);
        // 1e6 and 1_000_000 are whole numbers
        bool whole = Type == typeof(int);
        string digits = whole ? text.Replace("_", "") : text;
        if (!double.TryParse(digits, NumberStyles.Float, Invariant, out double number) || !IsInRange(number))
            return null;
        return !whole ? number : number == Math.Floor(number) ? (int)number : null;
    }

    private bool IsInRange(double number)
    {
        string range = _attribute.Range;
        string[] ends = range[1..^1].Split(", ");
        double low = double.Parse(ends[0], Invariant), high = double.Parse(ends[1], Invariant);
        return (range[0] == '[' ? number >= low : number > low) && (range[^1] == ']' ? number <= high : number < high);
    }

    private static object? Sizes(string text)
    {
        string[] parts = text.Trim('[', ']', ' ').Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        int[] sizes = [.. parts.Select(
            part => int.TryParse(part, NumberStyles.None, Invariant, out int size) ? size : 0)];
        return sizes.Length is >= 1 and <= 4 && sizes.All(size => size is >= 1 and <= 4096)
            ? ImmutableArray.Create(sizes) : null;
    }

    private static string Choices(string[] names)
    {
        string[] words = [.. names.Select(name => name.ToLowerInvariant())];
        return words.Length == 1 ? words[0] : $"{string.Join(", ", words[..^1])} or {words[^1]}";
    }

    // the settings of a record and of its nested records
    private static IEnumerable<Setting> Of(Type record, ImmutableArray<PropertyInfo> path)
    {
        foreach (PropertyInfo property in record.GetProperties().OrderBy(p => p.MetadataToken))
            if (property.GetCustomAttribute<SettingAttribute>() is { } attribute)
                yield return new Setting(path.Add(property), attribute);
            else if (property.PropertyType.Name.EndsWith("Settings", StringComparison.Ordinal))
                foreach (Setting inner in Of(property.PropertyType, path.Add(property))) yield return inner;
    }

    // a copy of a record with another value at the end of a path, like a `with` expression
    private static object With(object record, ReadOnlySpan<PropertyInfo> path, object value)
    {
        object copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        path[0].SetValue(copy, path.Length == 1 ? value : With(path[0].GetValue(record)!, path[1..], value));
        return copy;
    }
}
