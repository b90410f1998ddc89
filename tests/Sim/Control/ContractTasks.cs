using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>The tasks for contract tests, built-in and user-defined.</summary>
internal static class ContractTasks
{
    private static readonly string Examples = Path.Combine(Repository.Root, "docs", "examples");

    public static IReadOnlyList<string> Names { get; } =
    [
        .. TaskLibrary.Names,
        .. Directory.GetDirectories(Examples).Select(f => Path.GetFileName(f))
            .Where(name => File.Exists(ExampleOf(name))).Order(),
    ];

    /// <summary>The task's name or path on the command line.</summary>
    public static string PathOf(string name) => TaskLibrary.Names.Contains(name) ? name : ExampleOf(name);

    public static ControlTask Load(string name) => ControlTask.Load(PathOf(name));

    private static string ExampleOf(string name) => Path.Combine(Examples, name, $"{name}.yaml");
}
