namespace Naf.Host.Reproduction;

/// <summary>A population of learners that a table or figure needs.</summary>
/// <param name="Name">Of its run's folder and its result file.</param>
/// <param name="Label">The curve's name, as the paper has it.</param>
/// <param name="Episodes">Of a full reproduction.</param>
/// <param name="Settings">KEY=VALUE of what differs from the task's own.</param>
internal sealed record Experiment(string Name, string Label, string Task, int Episodes, string[] Settings)
{
    private const int Long = 1000; // episodes: five of the ten tasks have more

    /// <summary>Seeds of a full reproduction, from 0 on.</summary>
    public int Seeds { get; init; } = Episodes > Long ? 3 : 5;
}

/// <summary>A figure of curves over episodes.</summary>
/// <param name="Key">Of the command line, such as figure2.</param>
/// <param name="Title">What the paper shows there.</param>
/// <param name="Experiments">Its curves; those of one task share a chart.</param>
/// <param name="Threshold">A test score whose first episode is counted; null: none.</param>
internal sealed record ReproducedFigure(
    string Key, string Title, IReadOnlyList<Experiment> Experiments, Func<string, double?>? Threshold = null);
