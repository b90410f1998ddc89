using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>How the actions of an episode are chosen.</summary>
public enum Manner
{
    /// <summary>Uniform in [−1, 1] at each step.</summary>
    Random,
    /// <summary>None.</summary>
    Zero,
    /// <summary>Each actuator at −1 or +1: for the whole episode, and in every second episode anew after each stretch.</summary>
    BangBang,
}

/// <summary>The tasks that every contract is tested on, built-in ones and a user's alike.</summary>
internal static class ContractTasks
{
    private const int Stretch = 25;

    private static readonly string Examples = Path.Combine(Repository.Root, "docs", "examples");

    /// <summary>The built-in tasks, and those of docs/examples.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. TaskLibrary.Names, .. Directory.GetDirectories(Examples).Select(folder => Path.GetFileName(folder)).Order()];

    /// <summary>What naf is given to name the task.</summary>
    public static string PathOf(string name) => TaskLibrary.Names.Contains(name) ? name : Path.Combine(Examples, name, $"{name}.yaml");

    /// <summary>Loads one of <see cref="Names"/>.</summary>
    public static ControlTask Load(string name) => ControlTask.Load(PathOf(name));

    /// <summary>The action of a step.</summary>
    public static double[] Action(Manner manner, int size, ulong episode, int step) => manner switch
    {
        Manner.Zero => new double[size],
        Manner.Random => Episodes.RandomAction(size, episode, step),
        _ => [.. Episodes.RandomAction(size, episode, episode % 2 == 0 ? 0 : step / Stretch).Select(u => u < 0 ? -1.0 : 1.0)],
    };
}
