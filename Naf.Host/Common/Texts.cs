using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Common;

/// <summary>Names and numbers as commands show them.</summary>
internal static class Texts
{
    /// <summary>
    /// " (did you mean X?)" when a known name is near enough to be meant, else what is known when that is little,
    /// else nothing.
    /// </summary>
    public static string DidYouMean(string name, IEnumerable<string> known)
    {
        string[] all = [.. known];
        if (NearestName.Near(name, all) is { } nearest) return $" (did you mean {nearest}?)";
        return all.Length is > 0 and <= 8 ? $" (known: {string.Join(", ", all)})" : "";
    }

    /// <summary>A score with four digits that matter; "none" when there is none.</summary>
    public static string Score(double? score) =>
        score is { } s ? s.ToString("G4", CultureInfo.InvariantCulture) : "none";

    /// <summary>A number with three digits that matter; - for none.</summary>
    public static string Number(double number) => double.IsNaN(number) ? "-"
        : number.ToString(Math.Abs(number) is >= 999.5 and < 1e7 ? "F0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A number rounded to one digit that matters.</summary>
    public static double OneDigit(double number) =>
        double.Parse(number.ToString("E0", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A rate, without decimals above 100.</summary>
    public static string Rate(double rate) => rate.ToString(rate >= 100 ? "F0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A time, such as 41 s or 3 min 5 s or 2 h 10 min.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{time.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s"
        : time.TotalMinutes < 60 ? $"{time.Minutes} min {time.Seconds} s"
            : $"{(int)time.TotalHours} h {time.Minutes} min";
}
