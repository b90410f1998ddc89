using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Sim.Control;
using Naf.Sim.Processes;

namespace Naf.Host.Runs;

/// <summary>The command that is a run's environment (docs/environments.md).</summary>
internal static class EnvironmentCommand
{
    /// <summary>The option that names it.</summary>
    public const string Option = "--env";

    /// <summary>Its value that stands for the command in a run's config.yaml.</summary>
    public const string Stored = "stored";

    /// <summary>
    /// The command of a run: the given one, or its own if that was asked for. A run may come from somebody else, and
    /// its command would run with the user's rights, so it does not run unasked.
    /// </summary>
    /// <param name="given">The option's value; null: it was not given.</param>
    /// <param name="config">The run's; null: there is no run.</param>
    /// <returns>Null: the run's task is no command, and none was given.</returns>
    /// <exception cref="UserException">Neither was given, or there is no command to take.</exception>
    public static string? Choose(string? given, RunConfig? config)
    {
        string? own = config?.Command;
        if (given is null or Stored && own == ProcessEnvironment.Parent)
            throw new UserException("the run's environment is the program that starts naf: let it resume the run, or "
                + "evaluate the policy on a command with the same name and spaces")
            {
                Option = $"{Option} {ProcessEnvironment.Parent}, or {Option} COMMAND",
            };
        // what a terminal does not show could hide what would run
        if (given is null or Stored && own is not null && own.Any(c =>
            char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format))
            throw new UserException("the command in the run's config.yaml has characters that a terminal does not "
                + "show; name the command")
            {
                Option = $"{Option} COMMAND",
            };
        if (given is null)
            return own is null ? null : throw new UserException(
                $"the run's environment is the command '{own}', which would run with your rights: add {Option} "
                + $"{Stored} if you trust it, or name another command")
            {
                Option = $"{Option} COMMAND",
            };
        if (given == Stored)
            return own ?? throw new UserException(config is null
                ? $"{Option} {Stored} takes the command of a run, and there is no run; name the command"
                : $"{Option} {Stored}: the run trains {config.Task}, which is no command; leave out {Option}");
        if (string.IsNullOrWhiteSpace(given) || given.Any(char.IsControl))
            throw new UserException($"{Option}: expected a command on one line; put a longer one into a script");
        if (given.StartsWith('-') && given != ProcessEnvironment.Parent)
            throw new UserException($"{Option} {given}: expected a command, and that is an option");
        return given;
    }

    /// <summary>
    /// The settings of a new run: with the program that started naf, tests and checkpoints are those of a machine.
    /// </summary>
    public static TrainingSettings Defaults(string command) => command != ProcessEnvironment.Parent ? new()
        : new() { TestEpisodes = 1, VerificationEpisodes = 0, CheckpointEvery = 1 };

    /// <summary>The settings on one environment: the program that started naf has no other.</summary>
    /// <exception cref="UserException">They have several learners.</exception>
    public static TrainingSettings ForOneEnvironment(string? command, TrainingSettings settings)
    {
        if (command != ProcessEnvironment.Parent) return settings;
        return settings.Learners == 1 ? settings with { Threads = 1 } : throw new UserException(
            $"{Option} {ProcessEnvironment.Parent} is one environment, and learners = {settings.Learners}; train one");
    }

    /// <summary>Starts a process of the command and reads its spaces.</summary>
    /// <param name="stop">Ends a wait without a limit.</param>
    /// <param name="tell">Receives a sentence when the environment pauses.</param>
    /// <exception cref="UserException">The spaces are not those of an environment.</exception>
    /// <exception cref="EnvironmentException">It does not answer as it should.</exception>
    public static EnvironmentTask Open(
        string command, TrainingSettings settings, CancellationToken stop = default, Action<string>? tell = null)
    {
        if (command == ProcessEnvironment.Parent && !Console.IsInputRedirected)
            throw new UserException($"{Option} {command} exchanges messages with the program that started naf, and "
                + "standard input is a terminal; let that program start naf (docs/environments.md)");
        var timeout = TimeSpan.FromSeconds(settings.AnswerTimeout);
        ProcessEnvironment? first = null, unused;
        try
        {
            unused = first = new ProcessEnvironment(command, timeout, stop, tell);
            string hello = first.Hello;
            return Checked(() => new EnvironmentTask(first.Name, Make) { Command = command });

            ProcessEnvironment Make()
            {
                if (Interlocked.Exchange(ref unused, null) is { } made) return made;
                made = new ProcessEnvironment(command, timeout, stop, tell);
                if (made.Hello == hello) return made;
                made.Dispose();
                throw new EnvironmentException($"the environment '{command}' did not give the same answer to "
                    + "hello as its first process; let each process give the same spaces");
            }
        }
        catch
        {
            first?.Dispose();
            throw;
        }
    }

    /// <summary>Does what depends on the environment, whose faults are the user's to correct.</summary>
    public static T Checked<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new UserException(e.Message, e);
        }
    }

    /// <summary>The command that resumes a run.</summary>
    public static string Resume(string folder, RunConfig config) =>
        $"naf train --resume {TrainCommandLine.Quoted(folder)}" + config.Command switch
        {
            null => "",
            ProcessEnvironment.Parent => $" {Option} {ProcessEnvironment.Parent}",
            _ => $" {Option} {Stored}",
        };
}
