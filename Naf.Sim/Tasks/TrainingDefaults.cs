namespace Naf.Sim;

/// <summary>The section `training`: settings of the learner that suit the task, key → text, for the host to read; they mean nothing to the simulator.</summary>
public sealed class TrainingDefaults
{
    private readonly Dictionary<string, string> _where = [];

    internal TrainingDefaults(YamlCursor? section)
    {
        var values = new Dictionary<string, string>();
        foreach ((string key, YamlCursor at, YamlCursor value) in section?.Map(null).Entries ?? [])
        {
            values[key] = value.Text();
            _where[key] = at.Where;
        }
        Values = values;
    }

    /// <summary>Key → text, in the file's order.</summary>
    public IReadOnlyDictionary<string, string> Values { get; }

    /// <summary>Where a key stands, as "file line n", for messages about it.</summary>
    public string Where(string key) => _where[key];
}
