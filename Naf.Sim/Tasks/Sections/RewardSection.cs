using Naf.Kernels.Reward;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The sections `reward`, a list of terms, and `termination`, bounds of observations.</summary>
internal static class RewardSection
{
    private static readonly Dictionary<string, RewardKind> Kinds =
        Enum.GetValues<RewardKind>().ToDictionary(kind => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{kind}"));

    public static RewardDefinition Read(
        YamlCursor section, YamlCursor? termination, SignalNames names, int observationSize, int actionSize)
    {
        IReadOnlyList<YamlCursor> items = section.Items();
        if (items.Count == 0) throw section.Error("'reward' is empty; expected at least one term");
        ImmutableArray<RewardTerm> terms = [.. items.Select(item => Term(item, names, observationSize, actionSize))];
        (ImmutableArray<TerminationBound> bounds, double last) = Termination(termination, names);
        return section.Checked(() => new RewardDefinition(observationSize, actionSize, terms, bounds, last));
    }

    private static RewardTerm Term(YamlCursor item, SignalNames names, int observationSize, int actionSize)
    {
        YamlMap map = item.Map([.. Kinds.Keys, "weight", "alpha", "offset", "centre", "scale"]);
        (string word, YamlCursor signals) = map.OneOf([.. Kinds.Keys]);
        RewardKind kind = Kinds[word];
        int[] index = names.Any(signals);
        var term = new RewardTerm(kind, map.Required("weight").Number(), 0, 0, [.. index],
            [.. map["centre"]?.Numbers(index.Length) ?? new double[index.Length]],
            [.. map["scale"]?.Numbers(index.Length) ?? [.. Enumerable.Repeat(1.0, index.Length)]]);
        if (!term.UsesAlpha) map.Refuse("alpha", $"{word} has no length scale");
        if (!term.IsLinear) map.Refuse("offset", "only linear and sigmoid terms have one");
        term = term with
        {
            Alpha = term.UsesAlpha ? map.Required("alpha").Number() : 0, Offset = map["offset"]?.Number() ?? 0,
        };
        return term.Problem(observationSize, actionSize) is { } problem
            ? throw item.Error($"{item.What} ({word}): {problem}") : term;
    }

    private static (ImmutableArray<TerminationBound> Bounds, double Reward) Termination(
        YamlCursor? section, SignalNames names)
    {
        if (section is null) return ([], 0);
        YamlMap map = section.Map("outside", "reward");
        YamlMap outside = map.Required("outside").Map(null);
        ImmutableArray<TerminationBound> bounds = [.. outside.Entries.Select(entry =>
        {
            (double low, double high) = entry.Value.Range(finite: false);
            return new TerminationBound(names.ObservedNumber(entry.KeyAt), low, high);
        })];
        return (bounds, map["reward"]?.Number() ?? 0);
    }
}
