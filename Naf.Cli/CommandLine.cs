using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Naf.Gpu.Devices;
using Naf.Cli.Bench;
using Naf.Cli.Commands;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Sim;
using Naf.Sim.Mujoco;
using Naf.Sim.Processes;
using Naf.Sim.Rendering;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Cli;

/// <summary>
/// The <c>naf</c> command line. Errors that the user can correct are one sentence on standard error, with exit code 1
/// or 2.
/// </summary>
internal static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <returns>The process's exit code.</returns>
    public static int Run(IReadOnlyList<string> arguments, Terminal terminal)
    {
        RootCommand root = Root(terminal);
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            terminal.Warn(ProblemOf(parsed));
            return ExitCode.Misused;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception e) when (e is UserException or DeviceException or MujocoException or SimulationException
            or EnvironmentException or TaskFormatException or RenderingException or FileNotFoundException
            or DirectoryNotFoundException)
        {
            terminal.Warn(e is UserException { Option: { } option } ? $"{e.Message} ({option})" : e.Message);
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            terminal.Warn($"{e.Message.TrimEnd('.')}; allow access to it, or name another");
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            terminal.Warn("this should not happen; please report it with what follows:");
            terminal.Error.WriteLine(e);
            return ExitCode.Failed;
        }
    }

    private static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand("Trains robot controllers by normalized advantage functions (NAF) or DDPG, "
            + "on a CPU, on CUDA GPUs or on OpenCL devices.")
        {
            TrainCommand.Create(terminal), SweepCommand.Create(terminal), EvaluateCommand.Create(terminal),
            VerifyCommand.Create(terminal),
            RenderCommand.Create(terminal), ExportCommand.Create(terminal), ReportCommand.Create(terminal),
            WatchCommand.Create(terminal), ReproduceCommand.Create(terminal), TasksCommand.Create(terminal),
            DevicesCommand.Create(terminal), CheckCommand.Create(terminal), BenchCommand.Create(terminal),
        };
        foreach (Option option in root.Options)
        {
            if (option is HelpOption help) help.Action = new HelpWithExample((HelpAction)help.Action!);
            if (option is VersionOption version) version.Action = new PrintVersion();
        }
        return root;
    }

    // what is wrong with a command line, in one sentence
    private static string ProblemOf(ParseResult parsed)
    {
        var path = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult c; result = c.Parent)
            path.Push(c.Command is RootCommand ? "naf" : c.Command.Name);
        Command command = parsed.CommandResult.Command;
        string? unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        string problem = unknown switch
        {
            null => parsed.Errors[0].Message.TrimEnd('.'),
            ['-', ..] =>
                $"there is no option {unknown}{Texts.DidYouMean(unknown, command.Options.Select(o => o.Name))}",
            _ when command.Subcommands.Count > 0 =>
                $"there is no command '{unknown}'{Texts.DidYouMean(unknown, command.Subcommands.Select(c => c.Name))}",
            _ => $"'{unknown}' is one argument too many",
        };
        return $"{problem}; {string.Join(' ', path)} --help shows what there is";
    }

    /// <summary>The usual help of a command, followed by its notes and its example.</summary>
    private sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parsed)
        {
            int status = help.Invoke(parsed);
            TextWriter output = parsed.InvocationConfiguration.Output;
            var command = parsed.CommandResult.Command as ExampleCommand;
            if (command?.Notes is { } notes) output.WriteLine(notes(parsed.Tokens.Any(token => token.Value == "all")));
            output.WriteLine("Example:");
            output.WriteLine("  " + (command?.Example
                ?? "naf train cartpole      trains NAF on the cartpole and prints the score and the run's folder"));
            return status;
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            parsed.InvocationConfiguration.Output.WriteLine($"naf {Versions.Product}");
            return 0;
        }
    }
}
