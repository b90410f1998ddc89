namespace Naf.Kernels;

/// <summary>
/// A learner's arrays one behind the other in its row of a GPU's memory, each from a cache line on; their places are constants
/// NAME_AT of the kernels.
/// </summary>
internal abstract class DeviceRow
{
    private readonly List<(string Name, long At)> _arrays = [];

    /// <summary>Floats of a learner's row.</summary>
    public long Row { get; private set; }

    /// <summary>Constants of the kernels.</summary>
    public IEnumerable<KeyValuePair<string, object>> Constants =>
        [.. _arrays.Select(a => new KeyValuePair<string, object>($"{a.Name}_AT", a.At)), new("LEARNER_ROW", Row)];

    /// <summary>Adds an array; returns the place of its first float.</summary>
    protected long Take(string name, long floats)
    {
        long at = Row;
        _arrays.Add((name, at));
        Row += (floats + 15) & ~15L;
        return at;
    }
}
