using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Common;

/// <summary>Formats names and numbers for output.</summary>
internal static class Texts
{
    /// <summary>" (did you mean X?)" for a similar known name; else the known names if at most 16; else "".</summary>
    public static string DidYouMean(string name, IEnumerable<string> known)
    {
        string[] all = [.. known];
        if (NearestName.Near(name, all) is { } nearest) return $" (did you mean {nearest}?)";
        return all.Length is > 0 and <= 16 ? $" (known: {string.Join(", ", all)})" : "";
    }

    /// <summary>Alternatives, such as a, b or c.</summary>
    public static string Either(params IEnumerable<string> names) =>
        string.Join(", ", names.SkipLast(1)) + $" or {names.Last()}";

    /// <summary>A number of things, such as 1 episode or 2 episodes.</summary>
    public static string Count(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";

    /// <summary>A score with four significant digits; "none" when there is none.</summary>
    public static string Score(double? score) =>
        score is { } s ? s.ToString("G4", CultureInfo.InvariantCulture) : "none";

    /// <summary>A number with three significant digits; - for NaN.</summary>
    public static string Number(double number) => double.IsNaN(number) ? "-"
        : number.ToString(Math.Abs(number) is >= 999.5 and < 1e7 ? "F0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A number rounded to one significant digit.</summary>
    public static double OneDigit(double number) =>
        double.Parse(number.ToString("E0", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A rate, without decimals from 100 on.</summary>
    public static string Rate(double rate) => rate.ToString(rate >= 100 ? "F0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A time, such as 41 s or 3 min 5 s or 2 h 10 min.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{time.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s"
        : time.TotalMinutes < 60 ? $"{time.Minutes} min {time.Seconds} s"
            : $"{(int)time.TotalHours} h {time.Minutes} min";
}
