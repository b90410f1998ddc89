using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>
/// Looks up what rewards, bounds and measures refer to: entries of the observation x and, for rewards, of z = [b; b′;
/// (b′ − b)/Δt; u − u₋₁; u] (<see cref="Definitions.StepRewardDefinition"/>), b = [x; signals].
/// </summary>
internal sealed class SignalNames
{
    private const string Action = "action", ActionRate = "action_rate";
    private static readonly string[] Parts = ["", "after.", "rate."];

    private readonly ObservationDefinition _observation;
    private readonly Dictionary<string, int[]> _observed = [], _all = [];

    /// <param name="observation">The observation: an entry's name stands for all its numbers, name.x for one.</param>
    /// <param name="signals">The section `signals`; null if there is none.</param>
    /// <param name="actuators">
    /// Names of the actuators: `action` and `action_rate` stand for all of them, `action.name` for one.
    /// </param>
    public SignalNames(
        ObservationDefinition observation, ObservationDefinition? signals, IReadOnlyList<string> actuators)
    {
        (_observation, Signals) = (observation, signals);
        Add(_observed, observation, "", 0);
        int size = observation.Size + (signals?.Size ?? 0), actions = actuators.Count;
        for (int part = 0; part < Parts.Length; part++)
        {
            Add(_all, observation, Parts[part], part * size);
            if (signals is not null) Add(_all, signals, Parts[part], part * size + observation.Size);
        }
        string[] names = [.. observation.ComponentNames, .. signals?.ComponentNames ?? []];
        StepNames =
        [
            .. Parts.SelectMany(part => names.Select(name => part + name)),
            .. actuators.Select(actuator => $"{ActionRate}.{actuator}"),
        ];
        _all[ActionRate] = [.. Enumerable.Range(Parts.Length * size, actions)];
        _all[Action] = [.. Enumerable.Range(StepNames.Length, actions)];
        for (int j = 0; j < actions; j++)
        {
            _all.TryAdd($"{Action}.{actuators[j]}", [StepNames.Length + j]);
            _all.TryAdd($"{ActionRate}.{actuators[j]}", [Parts.Length * size + j]);
        }
    }

    /// <summary>The section `signals`; null if there is none.</summary>
    public ObservationDefinition? Signals { get; }

    /// <summary>[z without u], a name for each number.</summary>
    public ImmutableArray<string> StepNames { get; }

    /// <summary>Indices of x for a name or a list of names.</summary>
    public int[] Observed(YamlCursor names) => Find(names, _observed);

    /// <summary>The single index of x for a name.</summary>
    public int ObservedNumber(YamlCursor name) => Observed(name) is [int index]
        ? index
        : throw name.Error($"'{name.Text()}' stands for several numbers; name one of them: "
            + string.Join(", ", Observed(name).Select(i => _observation.ComponentNames[i])));

    /// <summary>The single index of x, or of x′ and y′ in z if it is a signal.</summary>
    public int Bounded(YamlCursor name) =>
        Signals is { } signals && !_observed.ContainsKey(name.Text()) && _all.ContainsKey($"after.{name.Text()}")
            ? _all[$"after.{name.Text()}"] is [int index] ? index : throw name.Error($"'{name.Text()}' stands for "
                + $"several numbers; name one of them: {string.Join(", ", signals.ComponentNames)}")
            : ObservedNumber(name);

    /// <summary>Indices of z.</summary>
    public int[] Any(YamlCursor names) => Find(names, _all);

    /// <summary>Indices of z as those of [x; u]; null if one is neither of x nor of u.</summary>
    public ImmutableArray<int>? OfObservationAndAction(ImmutableArray<int> z) =>
        z.Any(i => i >= _observation.Size && i < StepNames.Length) ? null
        : [.. z.Select(i => i < _observation.Size ? i : i - StepNames.Length + _observation.Size)];

    private static void Add(Dictionary<string, int[]> known, ObservationDefinition of, string prefix, int first)
    {
        for (int i = 0; i < of.Entries.Length; i++)
            known.TryAdd(prefix + of.Entries[i].Name,
                [.. Enumerable.Range(first + of.Starts[i], of.Starts[i + 1] - of.Starts[i])]);
        for (int i = 0; i < of.Size; i++) known.TryAdd(prefix + of.ComponentNames[i], [first + i]);
    }

    private static int[] Find(YamlCursor names, Dictionary<string, int[]> known) =>
        [.. names.OneOrMore().SelectMany(name => known.GetValueOrDefault(name.Text()) ?? throw name.Error(
            $"there is no '{name.Text()}', which '{name.What}' needs; add it to 'observation' or correct the name: "
            + $"{NearestName.Hint(name.Text(), Alike(name.Text(), known.Keys))}"))];

    // names with the same prefix, so that a list of them is short
    private static IEnumerable<string> Alike(string name, IEnumerable<string> known) => known.Where(
        other => Parts.Skip(1).All(part => other.StartsWith(part, StringComparison.Ordinal)
            == name.StartsWith(part, StringComparison.Ordinal)));
}
