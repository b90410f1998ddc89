using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>Looks up entries of z = [x; u] that rewards, bounds and measures refer to.</summary>
internal sealed class SignalNames
{
    private readonly ObservationDefinition _observation;
    private readonly Dictionary<string, int[]> _observed = [], _all;

    /// <param name="observation">The observation: an entry's name stands for all its numbers, name.x for one.</param>
    /// <param name="actuators">Names of the actuators: `action` stands for all of them, `action.name` for one.</param>
    public SignalNames(ObservationDefinition observation, IReadOnlyList<string> actuators)
    {
        _observation = observation;
        for (int i = 0; i < observation.Entries.Length; i++)
            _observed[observation.Entries[i].Name] =
                [.. Enumerable.Range(observation.Starts[i], observation.Starts[i + 1] - observation.Starts[i])];
        for (int i = 0; i < observation.Size; i++) _observed.TryAdd(observation.ComponentNames[i], [i]);
        _all = new(_observed) { ["action"] = [.. Enumerable.Range(observation.Size, actuators.Count)] };
        for (int j = 0; j < actuators.Count; j++) _all.TryAdd($"action.{actuators[j]}", [observation.Size + j]);
    }

    /// <summary>Indices of x for a name or a list of names.</summary>
    public int[] Observed(YamlCursor names) => Find(names, _observed);

    /// <summary>The single index of x for a name.</summary>
    public int ObservedNumber(YamlCursor name) => Observed(name) is [int index]
        ? index
        : throw name.Error($"'{name.Text()}' stands for several numbers; name one of them: "
            + string.Join(", ", Observed(name).Select(i => _observation.ComponentNames[i])));

    /// <summary>Indices of z: observations, `action`, or `action.actuator`.</summary>
    public int[] Any(YamlCursor names) => Find(names, _all);

    private static int[] Find(YamlCursor names, Dictionary<string, int[]> known) =>
        [.. names.OneOrMore().SelectMany(name => known.GetValueOrDefault(name.Text()) ?? throw name.Error(
            $"there is no observation '{name.Text()}', which '{name.What}' needs; add it to 'observation' or "
            + $"correct the name: {NearestName.Hint(name.Text(), known.Keys)}"))];
}
