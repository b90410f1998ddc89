using System.CommandLine;

namespace Naf.Cli.Common;

/// <summary>A command that shows an example at the end of its help.</summary>
internal sealed class ExampleCommand : Command
{
    /// <param name="example">A command line, and what it does.</param>
    /// <param name="run">Runs the command and returns its exit code; null if only subcommands do something.</param>
    /// <param name="notes">Text before the example; complete if its argument is true (<c>--help all</c>).</param>
    public ExampleCommand(
        string name, string description, string example, Func<ParseResult, int>? run, Func<bool, string>? notes = null)
        : base(name, description)
    {
        (Example, Notes) = (example, notes);
        if (run is not null) SetAction(run);
    }

    public string Example { get; }

    public Func<bool, string>? Notes { get; }
}
