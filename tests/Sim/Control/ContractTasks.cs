using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>The tasks that every contract is tested on, built-in ones and a user's alike.</summary>
internal static class ContractTasks
{
    private static readonly string Examples = Path.Combine(Repository.Root, "docs", "examples");

    public static IReadOnlyList<string> Names { get; } =
    [
        .. TaskLibrary.Names,
        .. Directory.GetDirectories(Examples).Select(f => Path.GetFileName(f))
            .Where(name => File.Exists(ExampleOf(name))).Order(),
    ];

    /// <summary>What naf is given to name the task.</summary>
    public static string PathOf(string name) => TaskLibrary.Names.Contains(name) ? name : ExampleOf(name);

    public static ControlTask Load(string name) => ControlTask.Load(PathOf(name));

    private static string ExampleOf(string name) => Path.Combine(Examples, name, $"{name}.yaml");
}
