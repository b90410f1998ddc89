using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// The section `training`: settings of the learner that suit the task, key → text, and sections `naf` and `ddpg` of
/// settings for one algorithm. The host reads them; the simulator ignores them. A list is passed on as "[a, b]".
/// Settings that belong to a run are refused.
/// </summary>
internal sealed class TrainingDefaults
{
    /// <summary>Settings that the user or the machine determines, not the task.</summary>
    private static readonly string[] OfTheRun = ["algorithm", "seed", "learners", "device", "threads"];

    /// <summary>The algorithms that can have a section of their own.</summary>
    internal static readonly string[] Algorithms = ["naf", "ddpg"];

    private readonly List<(string? Algorithm, TrainingDefault Setting)> _settings = [];

    internal TrainingDefaults(YamlCursor? section)
    {
        foreach (YamlEntry entry in section?.Map(null).Entries ?? [])
            if (!Algorithms.Contains(entry.Key)) Add(null, entry);
            else
                foreach (YamlEntry own in entry.Value.Map(null).Entries) Add(entry.Key, own);
    }

    /// <summary>The settings for an algorithm: the common ones, then its own.</summary>
    /// <param name="algorithm">naf or ddpg.</param>
    public IEnumerable<TrainingDefault> Of(string algorithm) =>
        new[] { null, algorithm }.SelectMany(a => _settings.Where(s => s.Algorithm == a).Select(s => s.Setting));

    private void Add(string? algorithm, in YamlEntry entry)
    {
        (string key, YamlCursor at, YamlCursor value) = entry;
        if (OfTheRun.Contains(key))
            throw at.Error($"'{key}' belongs to a run, not to a task: leave it out, and set {key} for the run");
        string text = value.IsSequence
            ? $"[{string.Join(", ", value.Items().Select(item => item.Text()))}]" : value.Text();
        _settings.Add((algorithm, new TrainingDefault(key, text, at.Where)));
    }
}

/// <summary>A setting of a task's section `training`.</summary>
/// <param name="Where">Its position as "file line n", for messages about it.</param>
internal readonly record struct TrainingDefault(string Key, string Text, string Where);
