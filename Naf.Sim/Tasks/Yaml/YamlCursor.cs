using YamlDotNet.RepresentationModel;

namespace Naf.Sim.Tasks.Yaml;

/// <summary>A node of a YAML file, read as the type expected there; errors have file, line and column.</summary>
/// <param name="what">What the node is, for messages: its key.</param>
internal sealed class YamlCursor(string file, YamlNode node, string what)
{
    public static YamlCursor Open(string path) => YamlSource.Load(path) is { } root
        ? new YamlCursor(path, root, "task")
        : throw new TaskFormatException(path, 1, 1,
            "the file is empty; expected one YAML document, a mapping of keys to values");

    /// <summary>The node's key, or for a key the mapping that it stands in.</summary>
    public string What => what;

    /// <summary>"line n", for messages elsewhere.</summary>
    public string Where => $"{Path.GetFileName(file)} line {node.Start.Line}";

    /// <summary>Where the node is in the text of the file, in characters.</summary>
    public (int Start, int Length) Place => ((int)node.Start.Index, (int)(node.End.Index - node.Start.Index));

    public bool IsSequence => node is YamlSequenceNode;

    public bool IsMapping => node is YamlMappingNode;

    /// <summary>An error at this node.</summary>
    public TaskFormatException Error(string problem, Exception? cause = null) =>
        new(file, node.Start.Line, node.Start.Column, problem, cause);

    /// <summary>Runs a check that does not know the file, and adds this position to its message.</summary>
    public T Checked<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw Error(e.Message, e);
        }
    }

    /// <summary>The node as a mapping with keys among <paramref name="known"/>; any key if that is null.</summary>
    public YamlMap Map(params string[]? known)
    {
        if (node is not YamlMappingNode mapping)
            throw Error($"'{what}' expects a "
                + $"mapping{(known is null ? "" : $" with keys among {string.Join(", ", known)}")}, not {Kind}");
        var entries = new List<YamlEntry>();
        foreach ((YamlNode keyNode, YamlNode value) in mapping.Children)
        {
            var keyCursor = new YamlCursor(file, keyNode, what);
            string key = keyCursor.Text();
            if (known is not null && !known.Contains(key))
                throw keyCursor.Error($"unknown key {keyCursor.Kind} in '{what}'; {NearestName.Hint(key, known)}");
            entries.Add(new YamlEntry(key, keyCursor, new YamlCursor(file, value, key)));
        }
        return new YamlMap(this, entries);
    }

    public IReadOnlyList<YamlCursor> Items() => node is YamlSequenceNode sequence
        ? [.. sequence.Children.Select((child, i) => new YamlCursor(file, child, $"{what}[{i + 1}]"))]
        : throw Error($"'{what}' expects a list, not {Kind}");

    /// <summary>The items of a sequence, or a scalar as a list of one.</summary>
    public IReadOnlyList<YamlCursor> OneOrMore()
    {
        IReadOnlyList<YamlCursor> items = IsSequence ? Items() : [this];
        return items.Count > 0 ? items : throw Error($"'{what}' is empty; expected at least one");
    }

    public string Text() => node is YamlScalarNode { Value: { Length: > 0 } text }
        ? text : throw Error($"'{what}' expects a text, not {Kind}");

    /// <summary>A text among known words.</summary>
    public T Choice<T>(Dictionary<string, T> words) => words.TryGetValue(Text(), out T? value)
        ? value : throw Error($"'{what}' does not know '{Text()}'; {NearestName.Hint(Text(), words.Keys)}");

    /// <summary>A number as YAML writes it, or pi, -pi, inf, -inf.</summary>
    public double Number(bool finite = true)
    {
        string text = node is YamlScalarNode { Value: { } value }
            ? value : throw Error($"'{what}' expects a number, not {Kind}");
        double? number = text switch
        {
            "pi" => Math.PI,
            "-pi" => -Math.PI,
            "inf" or ".inf" => double.PositiveInfinity,
            "-inf" or "-.inf" => double.NegativeInfinity,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed)
                ? parsed : null,
        };
        if (number is not { } n || double.IsNaN(n)) throw Error($"'{what}' expects a number, not {Kind}");
        return !finite || double.IsFinite(n) ? n : throw Error($"'{what}' expects a finite number, not {Kind}");
    }

    /// <summary>An integer of at least <paramref name="least"/>.</summary>
    public int Whole(int least) =>
        node is YamlScalarNode { Value: { } text }
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int n) && n >= least
            ? n
            : throw Error($"'{what}' expects a whole number of at least {least}, not {Kind}");

    /// <summary>A list of <paramref name="count"/> numbers, or one number for all of them.</summary>
    public double[] Numbers(int count)
    {
        if (!IsSequence) return [.. Enumerable.Repeat(Number(), count)];
        double[] numbers = [.. Items().Select(item => item.Number())];
        return numbers.Length == count
            ? numbers : throw Error($"'{what}' expects {count} numbers (or one for all), not {numbers.Length}");
    }

    /// <summary>A pair [low, high] with low ≤ high.</summary>
    public (double Low, double High) Range(bool finite = true)
    {
        double[] pair = IsSequence ? [.. Items().Select(item => item.Number(finite))] : [];
        return pair.Length == 2 && pair[0] <= pair[1]
            ? (pair[0], pair[1]) : throw Error($"'{what}' expects a pair [low, high], low not above high");
    }

    /// <summary>The node for messages: "a list", or the beginning of its text in quotes.</summary>
    public string Kind => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: { Length: > 0 } text } => $"'{Excerpt.Of(text)}'",
        _ => "nothing",
    };
}

/// <summary>A key of a mapping, its position, and its value.</summary>
internal readonly record struct YamlEntry(string Key, YamlCursor KeyAt, YamlCursor Value);

/// <summary>A mapping of a YAML file, with its keys in the file's order.</summary>
internal sealed record YamlMap(YamlCursor At, IReadOnlyList<YamlEntry> Entries)
{
    public YamlCursor? this[string key] => Entries.FirstOrDefault(entry => entry.Key == key).Value;

    public YamlCursor Required(string key) =>
        this[key] ?? throw At.Error($"'{At.What}' has no key '{key}', which it needs");

    /// <summary>The one key among <paramref name="choices"/> that determines the kind of the mapping.</summary>
    public (string Key, YamlCursor Value) OneOf(params string[] choices)
    {
        YamlEntry[] found = [.. Entries.Where(entry => choices.Contains(entry.Key))];
        return found.Length == 1
            ? (found[0].Key, found[0].Value)
            : throw At.Error($"'{At.What}' needs exactly one of the keys {string.Join(", ", choices)}; it has "
                + (found.Length == 0 ? "none" : string.Join(" and ", found.Select(entry => entry.Key))));
    }

    /// <summary>Refuses a key that has no meaning here.</summary>
    public void Refuse(string key, string reason)
    {
        if (this[key] is { } value) throw value.Error($"'{key}' has no meaning here: {reason}");
    }
}
