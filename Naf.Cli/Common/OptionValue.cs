using System.Globalization;
using Naf.Host.Common;

namespace Naf.Cli.Common;

/// <summary>Reads what options take; an error says what was expected.</summary>
internal static class OptionValue
{
    /// <summary>An option's whole number; <paramref name="standard"/> where the option was not given.</summary>
    /// <exception cref="UserException">It is not one, or out of range.</exception>
    public static int Integer(string option, string? text, int standard, int least, int most = int.MaxValue)
    {
        if (text is null) return standard;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value : throw new UserException($"{option} {text}: expected a whole number from {least}{(most == int.MaxValue ? "" : $" to {most}")}");
    }

    /// <summary>An option's name of a file; null where the option was not given.</summary>
    /// <exception cref="UserException">It is empty.</exception>
    public static string? File(string option, string? text) =>
        string.IsNullOrWhiteSpace(text) && text is not null ? throw new UserException($"{option} '{text}': expected the name of a file") : text;

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
}
