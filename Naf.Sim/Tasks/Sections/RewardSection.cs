using Naf.Kernels.Reward;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The sections `reward`, a list of terms, and `termination`, bounds of observations.</summary>
internal static class RewardSection
{
    private const string Constant = "constant";
    private static readonly string[] OfTerm = ["alpha", "offset", "centre", "scale", "clip"];
    private static readonly Dictionary<string, RewardKind> Kinds = Words<RewardKind>();
    private static readonly Dictionary<string, ToleranceOf> FactorKinds = Words<ToleranceOf>();
    private static readonly Dictionary<string, ToleranceSigmoid> Sigmoids = Words<ToleranceSigmoid>();

    /// <summary>The terms over (x, u) with the bounds, and the other terms; null if there are none.</summary>
    public static (RewardDefinition Reward, StepRewardDefinition? OfStep) Read(
        YamlCursor section, YamlCursor? termination, SignalNames names, int observationSize, int actionSize)
    {
        IReadOnlyList<YamlCursor> items = section.Items();
        if (items.Count == 0) throw section.Error("'reward' is empty; expected at least one term");
        ImmutableArray<RewardTerm> terms = [], ofStep = [];
        string? example = null;
        foreach (YamlCursor item in items)
        {
            (RewardTerm term, string text) = Term(item, names, actionSize);
            if (names.OfObservationAndAction(term.Index) is { } index)
                terms = terms.Add(term with { Index = index });
            else
                (ofStep, example) = (ofStep.Add(term), example ?? text);
        }
        (ImmutableArray<TerminationBound> bounds, double last) = Termination(termination, names);
        ImmutableArray<TerminationBound> ofSignals = [.. bounds.Where(b => b.Index >= observationSize)];
        if (example is null && !ofSignals.IsEmpty)
            example = $"the signal {names.StepNames[ofSignals[0].Index]["after.".Length..]}";
        return section.Checked(() => (new RewardDefinition(
                observationSize, actionSize, terms, [.. bounds.Except(ofSignals)], last),
            example is null ? null : new StepRewardDefinition(names.Signals, new RewardDefinition(
                names.StepNames.Length, actionSize, ofStep, ofSignals), names.StepNames, example)));
    }

    // a term over z, and what it is for messages
    private static (RewardTerm Term, string Text) Term(YamlCursor item, SignalNames names, int actionSize)
    {
        YamlMap map = item.Map([.. Kinds.Keys, Constant, "weight", .. OfTerm]);
        (string word, YamlCursor value) = map.OneOf([.. Kinds.Keys, Constant]);
        RewardTerm term = word == Constant ? ConstantTerm(map, value) : Kinds[word] == RewardKind.Product
            ? ProductTerm(map, value, names) : SimpleTerm(map, word, value, names);
        return term.Problem(names.StepNames.Length, actionSize) is { } problem
            ? throw item.Error($"{item.What} ({word}): {problem}")
            : (term, $"{word} of {string.Join(' ', term.Index.Select(
                i => i < names.StepNames.Length ? names.StepNames[i] : "action").Distinct())}");
    }

    // w b with b = 1, so that the constant is the weight
    private static RewardTerm ConstantTerm(YamlMap map, YamlCursor value)
    {
        foreach (string key in (string[])["weight", .. OfTerm]) map.Refuse(key, "a constant is one number");
        return new RewardTerm(RewardKind.Linear, value.Number(), 0, 1, [], [], []);
    }

    private static RewardTerm SimpleTerm(YamlMap map, string word, YamlCursor signals, SignalNames names)
    {
        (int[] index, double[] centre, double[] scale) = Entries(map, names.Any(signals));
        var term = new RewardTerm(
            Kinds[word], map.Required("weight").Number(), 0, 0, [.. index], [.. centre], [.. scale]);
        if (!term.UsesAlpha) map.Refuse("alpha", $"{word} has no length scale");
        if (!term.IsLinear) map.Refuse("offset", "only linear and sigmoid terms have one");
        (double low, double high) = map["clip"]?.Range(finite: false) ?? (term.ClipLow, term.ClipHigh);
        return term with
        {
            Alpha = term.UsesAlpha ? map.Required("alpha").Number() : 0, Offset = map["offset"]?.Number() ?? 0,
            ClipLow = low, ClipHigh = high,
        };
    }

    private static RewardTerm ProductTerm(YamlMap map, YamlCursor list, SignalNames names)
    {
        foreach (string key in OfTerm) map.Refuse(key, "a product has factors, from 0 to 1, with keys of their own");
        var factors = ImmutableArray.CreateBuilder<ToleranceFactor>();
        List<int> index = [];
        List<double> centre = [], scale = [];
        foreach (YamlCursor item in list.Items())
        {
            YamlMap factor = item.Map(
                [.. FactorKinds.Keys, "centre", "scale", "bounds", "margin", "sigmoid", "value_at_margin", "least"]);
            (string word, YamlCursor signals) = factor.OneOf([.. FactorKinds.Keys]);
            var entries = Entries(factor, names.Any(signals));
            index.AddRange(entries.Index);
            centre.AddRange(entries.Centre);
            scale.AddRange(entries.Scale);
            (double low, double high) = factor["bounds"]?.Range(finite: false) ?? (0, 0);
            var tolerance = new ToleranceFactor(
                FactorKinds[word], entries.Index.Length, low, high, factor["margin"]?.Number() ?? 0);
            factors.Add(tolerance with
            {
                Sigmoid = factor["sigmoid"]?.Choice(Sigmoids) ?? tolerance.Sigmoid,
                ValueAtMargin = factor["value_at_margin"]?.Number() ?? tolerance.ValueAtMargin,
                Least = factor["least"]?.Number() ?? tolerance.Least,
            });
        }
        return new RewardTerm(
            RewardKind.Product, map.Required("weight").Number(), 0, 0, [.. index], [.. centre], [.. scale])
        {
            Factors = factors.ToImmutable(),
        };
    }

    // z_i with centre and scale
    private static (int[] Index, double[] Centre, double[] Scale) Entries(YamlMap map, int[] index) => (index,
        map["centre"]?.Numbers(index.Length) ?? new double[index.Length],
        map["scale"]?.Numbers(index.Length) ?? [.. Enumerable.Repeat(1.0, index.Length)]);

    private static Dictionary<string, T> Words<T>() where T : struct, Enum =>
        Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{value}"));

    private static (ImmutableArray<TerminationBound> Bounds, double Reward) Termination(
        YamlCursor? section, SignalNames names)
    {
        if (section is null) return ([], 0);
        YamlMap map = section.Map("outside", "reward");
        YamlMap outside = map.Required("outside").Map(null);
        ImmutableArray<TerminationBound> bounds = [.. outside.Entries.Select(entry =>
        {
            (double low, double high) = entry.Value.Range(finite: false);
            return new TerminationBound(names.Bounded(entry.KeyAt), low, high);
        })];
        return (bounds, map["reward"]?.Number() ?? 0);
    }
}
