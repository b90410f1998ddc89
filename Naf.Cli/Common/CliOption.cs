using System.CommandLine;

namespace Naf.Cli.Common;

/// <summary>
/// The options of commands. Values stay text here and are read by <see cref="OptionValue"/> or <c>Setting</c>, whose errors say
/// what was expected.
/// </summary>
internal static class CliOption
{
    /// <summary>An option with a value.</summary>
    /// <param name="name">Its name, such as --episodes.</param>
    /// <param name="shown">How help shows the value, such as N.</param>
    /// <param name="description">What it does, in a few words; its default in square brackets.</param>
    public static Option<string?> Text(string name, string shown, string description) => new(name) { Description = description, HelpName = shown };

    /// <summary>An option that may be given several times.</summary>
    public static Option<string[]> Texts(string name, string shown, string description) =>
        new(name) { Description = description, HelpName = shown, DefaultValueFactory = _ => [] };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>--policy, of commands that play episodes; <c>PolicyTarget.Policy</c> reads it.</summary>
    public static Option<string?> Policy() => Text(
        "--policy", "NAME",
        "run (a run's policy without noise), random, zero (no action) or mpc (a planner) [run for a run, random for a task]");

    /// <summary>--json, which every command has.</summary>
    public static Option<bool> Json() => Flag("--json", "print one JSON object");
}
