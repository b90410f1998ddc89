using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// The section `training`: settings of the learner that suit the task, key → text. The host reads them; the simulator
/// ignores them. A list is passed on as "[a, b]". Settings that belong to a run are refused.
/// </summary>
internal sealed class TrainingDefaults
{
    /// <summary>Settings that the user or the machine determines, not the task.</summary>
    private static readonly string[] OfTheRun = ["algorithm", "seed", "learners", "device", "threads"];

    private readonly Dictionary<string, string> _where = [];

    internal TrainingDefaults(YamlCursor? section)
    {
        var values = new Dictionary<string, string>();
        foreach ((string key, YamlCursor at, YamlCursor value) in section?.Map(null).Entries ?? [])
        {
            if (OfTheRun.Contains(key))
                throw at.Error($"'{key}' belongs to a run, not to a task: leave it out, and set {key} for the run");
            values[key] = value.IsSequence
                ? $"[{string.Join(", ", value.Items().Select(item => item.Text()))}]" : value.Text();
            _where[key] = at.Where;
        }
        Values = values;
    }

    /// <summary>Key → text, in the file's order.</summary>
    public IReadOnlyDictionary<string, string> Values { get; }

    /// <summary>Position of a key as "file line n", for messages about it.</summary>
    public string Where(string key) => _where[key];
}
