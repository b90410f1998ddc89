using System.Globalization;
using Naf.Sim;

namespace Naf.Host;

/// <summary>Numbers as commands read and show them.</summary>
internal static class Texts
{
    private const int Few = 8;

    /// <summary>An option's whole number; <paramref name="standard"/> where the option was not given.</summary>
    /// <exception cref="UserException">It is not one, or out of range.</exception>
    public static int Integer(string option, string? text, int standard, int least, int most = int.MaxValue)
    {
        if (text is null) return standard;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value : throw new UserException($"{option} {text}: expected a whole number from {least}{(most == int.MaxValue ? "" : $" to {most}")}");
    }

    /// <summary>An option's seed.</summary>
    /// <exception cref="UserException">It is not one.</exception>
    public static ulong Seed(string option, string? text, ulong standard)
    {
        if (text is null) return standard;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value : throw new UserException($"{option} {text}: expected a whole number from 0");
    }

    /// <summary>An option's number of seconds.</summary>
    /// <exception cref="UserException">It is not above 0.</exception>
    public static double Seconds(string option, string? text, double standard)
    {
        if (text is null) return standard;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && double.IsFinite(value)
            ? value : throw new UserException($"{option} {text}: expected a number of seconds above 0");
    }

    /// <summary>" (did you mean X?)" when a known name is near enough to be meant, else what is known when that is little, else nothing.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known)
    {
        string[] all = [.. known];
        if (NearestName.Near(name, all) is { } nearest) return $" (did you mean {nearest}?)";
        return all.Length is > 0 and <= Few ? $" (known: {string.Join(", ", all)})" : "";
    }

    /// <summary>A score with four digits that matter; "none" when there is none.</summary>
    public static string Score(double? score) => score is { } s ? s.ToString("G4", CultureInfo.InvariantCulture) : "none";

    /// <summary>A rate, without decimals above 100.</summary>
    public static string Rate(double rate) => rate.ToString(rate >= 100 ? "F0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A time, such as 41 s or 3 min 5 s or 2 h 10 min.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{time.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s"
        : time.TotalMinutes < 60 ? $"{time.Minutes} min {time.Seconds} s" : $"{(int)time.TotalHours} h {time.Minutes} min";
}
