using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Naf.Cli.Common;

/// <summary>The usual help of a command, followed by its notes and its example.</summary>
internal sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        int status = help.Invoke(parsed);
        TextWriter output = parsed.InvocationConfiguration.Output;
        (string notes, string example) = parsed.CommandResult.Command is ExampleCommand command
            ? (command.Notes(parsed.Tokens.Any(token => token.Value == "all")), command.Example)
            : ("", "naf train cartpole      trains NAF on the cartpole and prints the score and the run's folder");
        if (notes.Length > 0) output.WriteLine(notes);
        output.WriteLine("Example:");
        output.WriteLine($"  {example}");
        return status;
    }
}
