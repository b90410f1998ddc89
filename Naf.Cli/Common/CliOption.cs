using System.CommandLine;
using System.Numerics;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Sim.Processes;
using Naf.Sim.Tasks;

namespace Naf.Cli.Common;

/// <summary>
/// The options of commands. Values stay text until a command reads them here or by <c>Setting</c>; errors say what was
/// expected.
/// </summary>
internal static class CliOption
{
    /// <summary>An option with a value.</summary>
    /// <param name="name">The option's name, such as --episodes.</param>
    /// <param name="shown">The value in help, such as N.</param>
    /// <param name="description">What it does, in a few words, with its default in square brackets.</param>
    public static Option<string?> Text(string name, string shown, string description) =>
        new(name) { Description = description, HelpName = shown };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>The argument of commands on policies, read by <c>PolicyTarget</c>.</summary>
    public static Argument<string> Target(
        string name = "RUN|TASK", string description = "a run's folder, or a task", bool optional = false) =>
        new(name) { Description = description, Arity = new ArgumentArity(optional ? 0 : 1, 1) };

    /// <summary>--policy of commands that play episodes, read by <c>PolicyTarget.Policy</c>.</summary>
    public static Option<string?> Policy() => Text(
        "--policy", "NAME",
        "last (a run's, without noise), best (that of its best test), random, zero (no control) or mpc (a planner) "
        + "[last for a run, random for a task]");

    /// <summary>--task of commands that take a run.</summary>
    public static Option<string?> Task() => Text(
        "--task", "FILE", "of a run: another task with the same observations and actions [the run's own copy]");

    /// <summary>--models of commands that take a task, read by <see cref="Models(ParseResult, string)"/>.</summary>
    public static Option<string?> Models() => Text("--models", "DIR", "of a task of Gymnasium or dm_control: the "
        + $"folder of its models, or the one that the package is installed in [{TaskSuite.Variable}]");

    /// <summary>--env of commands that take a run or a task.</summary>
    public static Option<string?> Environment(string description) =>
        Text(EnvironmentCommand.Option, "COMMAND", description);

    public static Option<string?> Device() => Text("--device", "D", "auto, cpu, cuda:N, opencl:N or emulated [auto]");

    /// <summary>--set, which may be repeated.</summary>
    public static Option<string[]> Set(string description) =>
        new("--set") { Description = description, HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };

    public static Option<bool> Quiet() => Flag("--quiet", "show no progress, only warnings and the result");

    public static Option<bool> Json() => Flag("--json", "print one JSON object");

    public static bool IsJson(this ParseResult parsed) => parsed.GetValue<bool>("--json");

    /// <summary>Whether progress is not to be shown.</summary>
    public static bool IsQuiet(this ParseResult parsed) => parsed.IsJson() || parsed.GetValue<bool>("--quiet");

    /// <summary>Text of an option or argument; null if it was not given.</summary>
    public static string? Given(this ParseResult parsed, string option) => parsed.GetValue<string>(option);

    /// <summary>An option's integer; <paramref name="standard"/> if it was not given.</summary>
    /// <exception cref="UserException">Not an integer, or out of range.</exception>
    public static int Integer(
        this ParseResult parsed, string option, int standard, int least, int most = int.MaxValue) =>
        Number(parsed, option, standard, NumberStyles.AllowLeadingSign, value => value >= least && value <= most,
            $"a whole number from {least}{(most == int.MaxValue ? "" : $" to {most}")}");

    /// <summary>An option's file name; null if it was not given.</summary>
    /// <exception cref="UserException">It is empty.</exception>
    public static string? File(this ParseResult parsed, string option) => Named(parsed, option, "file");

    /// <summary>An option's folder; null if it was not given.</summary>
    /// <exception cref="UserException">It is empty.</exception>
    public static string? Folder(this ParseResult parsed, string option) => Named(parsed, option, "folder");

    /// <summary>The folder of --models for a task; null if it was not given.</summary>
    /// <exception cref="UserException">The task has a model of its own.</exception>
    public static string? Models(this ParseResult parsed, string task)
    {
        if (TaskSuite.Of(TaskLibrary.Resolve(task)) is null) parsed.RefuseModels($"{task} has a model of its own");
        return parsed.Folder("--models");
    }

    /// <summary>Refuses --models where it has no effect.</summary>
    /// <exception cref="UserException">It was given.</exception>
    public static void RefuseModels(this ParseResult parsed, string reason)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Options.Any(o => o.Name == "--models") && parsed.Given("--models") is { } folder)
            throw new UserException($"--models {folder} is for a task of {string.Join(" or ",
                TaskSuite.All.Select(suite => suite.Title))} (naf tasks --all), and {reason}; leave it out");
    }

    public static ulong Seed(this ParseResult parsed, ulong standard) =>
        Number(parsed, "--seed", standard, NumberStyles.None, _ => true, "a whole number from 0");

    /// <summary>Whether the environment is the program that started naf.</summary>
    public static bool IsParentEnvironment(this ParseResult parsed) =>
        parsed.Given(EnvironmentCommand.Option) == ProcessEnvironment.Parent;

    /// <summary>
    /// The terminal, whose standard output is not for results if it has the messages to the program that started naf.
    /// </summary>
    public static Terminal ForResults(this ParseResult parsed, Terminal terminal) =>
        parsed.IsParentEnvironment() ? terminal with { Out = terminal.Error } : terminal;

    /// <summary>An option's number; null if it was not given.</summary>
    /// <exception cref="UserException">Not a finite number.</exception>
    public static double? Finite(this ParseResult parsed, string option) => parsed.Given(option) is null ? null
        : Number(parsed, option, 0.0, NumberStyles.Float, double.IsFinite, "a finite number");

    public static double Seconds(this ParseResult parsed, double standard) => Number(
        parsed, "--seconds", standard, NumberStyles.Float, value => value > 0 && double.IsFinite(value),
        "a number of seconds above 0");

    public static double Zoom(this ParseResult parsed) => Number(
        parsed, "--zoom", 1.0, NumberStyles.Float, value => value is >= 0.01 and <= 100, "a number from 0.01 to 100");

    private static string? Named(ParseResult parsed, string option, string what) =>
        parsed.Given(option) is var text && text is not null && string.IsNullOrWhiteSpace(text)
            ? throw new UserException($"{option} '{text}': expected the name of a {what}") : text;

    private static T Number<T>(
        ParseResult parsed, string option, T standard, NumberStyles style, Func<T, bool> fits, string expected)
        where T : INumber<T>
    {
        if (parsed.Given(option) is not { } text) return standard;
        return T.TryParse(text, style, null, out T? value) && fits(value)
            ? value : throw new UserException($"{option} {text}: expected {expected}");
    }
}
