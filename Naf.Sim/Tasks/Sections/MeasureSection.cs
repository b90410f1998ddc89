using System.Collections.Immutable;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The sections `measures`, name → {value | norm, take, steps, bound}, and `success`, measure → {above, below}.</summary>
internal static class MeasureSection
{
    private static readonly string[] Keys = ["value", "norm", "take", "steps", "bound"];

    private static readonly Dictionary<string, Take> Takes = new()
    {
        ["end"] = Take.End,
        ["mean"] = Take.Mean,
        ["deviation"] = Take.Deviation,
        ["minimum"] = Take.Minimum,
        ["maximum"] = Take.Maximum,
        ["first_below"] = Take.FirstBelow,
        ["first_above"] = Take.FirstAbove,
    };

    public static ImmutableArray<MeasureDefinition> Measures(YamlCursor? section, SignalNames names, int horizon) =>
        [.. (section?.Map(null).Entries ?? []).Select(entry => Measure(entry.Key, entry.Value.Map(Keys), names, horizon))];

    public static ImmutableArray<SuccessCondition> Success(YamlCursor? section, ImmutableArray<MeasureDefinition> measures) =>
        [.. (section?.Map([.. measures.Select(measure => measure.Name)]).Entries ?? []).Select(entry =>
        {
            YamlMap map = entry.Value.Map("above", "below");
            if (map.Entries.Count == 0) throw map.At.Error($"'{entry.Key}' needs 'above' or 'below', or both");
            int index = Enumerable.Range(0, measures.Length).First(i => measures[i].Name == entry.Key);
            return new SuccessCondition(index, map["above"]?.Number() ?? double.NegativeInfinity, map["below"]?.Number() ?? double.PositiveInfinity);
        })];

    private static MeasureDefinition Measure(string name, YamlMap map, SignalNames names, int horizon)
    {
        (string form, YamlCursor signals) = map.OneOf("value", "norm");
        string word = map["take"]?.Text() ?? "end";
        if (!Takes.TryGetValue(word, out Take take)) throw map["take"]!.Error($"'take' does not know '{word}'; {NearestName.Hint(word, Takes.Keys)}");
        bool bounded = take is Take.FirstBelow or Take.FirstAbove;
        if (!bounded) map.Refuse("bound", "only first_below and first_above have one");
        int steps = map["steps"]?.Whole(1) ?? horizon;
        if (steps > horizon) throw map["steps"]!.Error($"'steps' is {steps}, more than the horizon of {horizon}");
        ImmutableArray<int> indices = form == "norm" ? [.. names.Observed(signals)] : [names.ObservedNumber(signals)];
        return new MeasureDefinition(name, indices, form == "norm", take, steps, bounded ? map.Required("bound").Number() : 0);
    }
}
