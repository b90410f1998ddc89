using System.CommandLine;

namespace Naf.Cli.Common;

/// <summary>A command that shows an example at the end of its help.</summary>
/// <param name="example">A line to type, and what it does.</param>
/// <param name="notes">More to say before the example, or all of it after <c>--help all</c>.</param>
internal sealed class ExampleCommand(
    string name, string description, string example, Func<bool, string>? notes = null) : Command(name, description)
{
    public string Example => example;

    public string Notes(bool all) => notes?.Invoke(all) ?? "";
}
