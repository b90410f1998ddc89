using System.CommandLine;
using System.CommandLine.Parsing;
using Naf.Host.Common;

namespace Naf.Cli;

/// <summary>Says what was wrong with a command line, in one sentence.</summary>
internal static class UsageError
{
    public static string Describe(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string path = PathOf(parsed);
        string? unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        string problem = unknown switch
        {
            null => parsed.Errors[0].Message.TrimEnd('.'),
            ['-', ..] => $"there is no option {unknown}{Texts.DidYouMean(unknown, command.Options.Select(o => o.Name))}",
            _ when command.Subcommands.Count > 0 =>
                $"there is no command '{unknown}'{Texts.DidYouMean(unknown, command.Subcommands.Select(c => c.Name))}",
            _ => $"'{unknown}' is one argument too many",
        };
        return $"{problem}; {path} --help shows what there is";
    }

    private static string PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult c; result = c.Parent)
            names.Push(c.Command is RootCommand ? "naf" : c.Command.Name);
        return string.Join(' ', names);
    }
}
