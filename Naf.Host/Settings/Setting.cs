using System.Collections.Immutable;
using System.Globalization;

namespace Naf.Host;

/// <summary>One key of the settings, as text.</summary>
/// <param name="Key">The name in YAML and in <c>--set</c>, snake_case.</param>
/// <param name="Expected">What a value must be, in words.</param>
/// <param name="Meaning">What it does, in a few words.</param>
/// <param name="Show">The value of some settings as text that <paramref name="Parse"/> reads back.</param>
/// <param name="Parse">The settings with another value; null when the text is not what is expected.</param>
public sealed record Setting(
    string Key, string Expected, string Meaning, Func<TrainingSettings, string> Show, Func<TrainingSettings, string, TrainingSettings?> Parse)
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>; 1e6 and 1_000_000 are accepted.</summary>
    public static Setting Integer(
        string key, int least, int most, string meaning, Func<TrainingSettings, int> get, Func<TrainingSettings, int, TrainingSettings> with) =>
        new(key, $"a whole number from {least} to {most}", meaning, s => get(s).ToString(Invariant), (s, text) =>
            double.TryParse(text.Replace("_", ""), NumberStyles.Float, Invariant, out double value) && value == Math.Floor(value)
                && value >= least && value <= most ? with(s, (int)value) : null);

    /// <summary>A seed: any whole number of 64 bits without sign.</summary>
    public static Setting Seed(string key, string meaning, Func<TrainingSettings, ulong> get, Func<TrainingSettings, ulong, TrainingSettings> with) =>
        new(key, "a whole number from 0 to 18446744073709551615", meaning, s => get(s).ToString(Invariant), (s, text) =>
            ulong.TryParse(text, NumberStyles.None, Invariant, out ulong value) ? with(s, value) : null);

    /// <summary>A number in an interval, such as "(0, 1]": a round bracket leaves its end out.</summary>
    public static Setting Number(
        string key, string interval, string meaning, Func<TrainingSettings, double> get, Func<TrainingSettings, double, TrainingSettings> with)
    {
        string[] ends = interval[1..^1].Split(", ");
        double low = double.Parse(ends[0], Invariant), high = double.Parse(ends[1], Invariant);
        bool Inside(double v) => (interval[0] == '[' ? v >= low : v > low) && (interval[^1] == ']' ? v <= high : v < high);
        return new(key, $"a number in {interval}", meaning, s => get(s).ToString("R", Invariant), (s, text) =>
            double.TryParse(text, NumberStyles.Float, Invariant, out double value) && Inside(value) ? with(s, value) : null);
    }

    /// <summary>true or false.</summary>
    public static Setting Flag(string key, string meaning, Func<TrainingSettings, bool> get, Func<TrainingSettings, bool, TrainingSettings> with) =>
        new(key, "true or false", meaning, s => get(s) ? "true" : "false", (s, text) => text.ToLowerInvariant() switch
        {
            "true" or "on" or "yes" => with(s, true),
            "false" or "off" or "no" => with(s, false),
            _ => null,
        });

    /// <summary>Sizes of layers, such as [200, 200].</summary>
    public static Setting Sizes(
        string key, string meaning, Func<TrainingSettings, ImmutableArray<int>> get,
        Func<TrainingSettings, ImmutableArray<int>, TrainingSettings> with) =>
        new(key, "one to four sizes from 1 to 4096, such as [200, 200]", meaning, s => $"[{string.Join(", ", get(s))}]", (s, text) =>
        {
            string[] parts = text.Trim('[', ']', ' ').Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
            int[] sizes = new int[parts.Length];
            for (int i = 0; i < parts.Length; i++)
                if (!int.TryParse(parts[i], NumberStyles.None, Invariant, out sizes[i]) || sizes[i] is < 1 or > 4096) return null;
            return sizes.Length is >= 1 and <= 4 ? with(s, [.. sizes]) : null;
        });

    /// <summary>One of the names of <typeparamref name="T"/>, in lower case.</summary>
    public static Setting Choice<T>(
        string key, string expected, string meaning, Func<TrainingSettings, T> get, Func<TrainingSettings, T, TrainingSettings> with)
        where T : struct, Enum =>
        new(key, expected, meaning, s => get(s).ToString().ToLowerInvariant(), (s, text) =>
        {
            foreach (T value in Enum.GetValues<T>())
                if (value.ToString().ToLowerInvariant() == text) return with(s, value);
            return null;
        });

    /// <summary>Any text.</summary>
    public static Setting Text(
        string key, string expected, string meaning, Func<TrainingSettings, string> get, Func<TrainingSettings, string, TrainingSettings?> with) =>
        new(key, expected, meaning, get, with);
}
