using System.Collections.Immutable;
using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>Looks up the entries of z = [x; u] that rewards, bounds and measures name.</summary>
/// <param name="observation">The observation: an entry by its name is all its numbers, name.x is one.</param>
/// <param name="actuators">Names of the actuators: `action` is all of them, `action.name` one.</param>
internal sealed class SignalNames(ObservationDefinition observation, IReadOnlyList<string> actuators)
{
    /// <summary>Indices of x that a name, or a list of names, stands for.</summary>
    public int[] Observed(YamlCursor names) => [.. names.OneOrMore().SelectMany(name =>
        FindObserved(name.Text()) ?? throw Missing(name, ObservationWords()))];

    /// <summary>The one index of x that a name stands for.</summary>
    public int ObservedNumber(YamlCursor name) => Observed(name) is [int index]
        ? index
        : throw name.Error($"'{name.Text()}' stands for several numbers; name one of them: "
            + string.Join(", ", Observed(name).Select(i => observation.ComponentNames[i])));

    /// <summary>Indices of z: observations, `action`, or `action.actuator`.</summary>
    public int[] Any(YamlCursor names) => [.. names.OneOrMore().SelectMany(name =>
        FindObserved(name.Text()) ?? FindAction(name.Text()) ?? throw Missing(name, ObservationWords().Concat(ActionWords())))];

    private int[]? FindObserved(string name)
    {
        for (int i = 0; i < observation.Entries.Length; i++)
            if (observation.Entries[i].Name == name)
                return [.. Enumerable.Range(observation.Starts[i], observation.Starts[i + 1] - observation.Starts[i])];
        int component = observation.ComponentNames.IndexOf(name);
        return component >= 0 ? [component] : null;
    }

    private int[]? FindAction(string name)
    {
        if (name == "action") return [.. Enumerable.Range(observation.Size, actuators.Count)];
        for (int j = 0; j < actuators.Count; j++)
            if (name == $"action.{actuators[j]}") return [observation.Size + j];
        return null;
    }

    private static TaskFormatException Missing(YamlCursor name, IEnumerable<string> known) => name.Error(
        $"there is no observation '{name.Text()}', which '{name.What}' needs; add it to 'observation' or correct the name: "
        + NearestName.Hint(name.Text(), known));

    private IEnumerable<string> ObservationWords() => observation.Entries.Select(entry => entry.Name).Concat(observation.ComponentNames).Distinct();

    private IEnumerable<string> ActionWords() => ImmutableArray.Create("action").Concat(actuators.Select(name => $"action.{name}"));
}
