using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>
/// The sections `measures`, name → {value | norm, take, steps, bound}, and `success`, measure → {above, below}.
/// </summary>
internal static class MeasureSection
{
    private static readonly Dictionary<string, Take> Takes =
        Enum.GetValues<Take>().ToDictionary(take => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{take}"));

    public static ImmutableArray<MeasureDefinition> Measures(YamlCursor? section, SignalNames names, int horizon) =>
        [.. (section?.Map(null).Entries ?? []).Select(entry => Measure(entry, names, horizon))];

    public static ImmutableArray<SuccessCondition> Success(
        YamlCursor? section, ImmutableArray<MeasureDefinition> measures)
    {
        List<string> names = [.. measures.Select(measure => measure.Name)];
        return [.. (section?.Map([.. names]).Entries ?? []).Select(entry =>
        {
            YamlMap map = entry.Value.Map("above", "below");
            if (map.Entries.Count == 0) throw map.At.Error($"'{entry.Key}' needs 'above' or 'below', or both");
            return new SuccessCondition(names.IndexOf(entry.Key),
                map["above"]?.Number() ?? double.NegativeInfinity, map["below"]?.Number() ?? double.PositiveInfinity);
        })];
    }

    private static MeasureDefinition Measure(YamlEntry entry, SignalNames names, int horizon)
    {
        YamlMap map = entry.Value.Map("value", "norm", "take", "steps", "bound");
        (string form, YamlCursor signals) = map.OneOf("value", "norm");
        Take take = map["take"]?.Choice(Takes) ?? Take.End;
        bool bounded = take is Take.FirstBelow or Take.FirstAbove;
        if (!bounded) map.Refuse("bound", "only first_below and first_above have one");
        int steps = map["steps"]?.Whole(1) ?? horizon;
        if (steps > horizon) throw map["steps"]!.Error($"'steps' is {steps}, more than the horizon of {horizon}");
        ImmutableArray<int> indices = form == "norm" ? [.. names.Observed(signals)] : [names.ObservedNumber(signals)];
        double bound = bounded ? map.Required("bound").Number() : 0;
        return new MeasureDefinition(entry.Key, indices, form == "norm", take, steps, bound);
    }
}
