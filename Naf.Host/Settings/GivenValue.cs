using Naf.Sim.Control;

namespace Naf.Host.Settings;

/// <summary>A value given for a key, and its origin.</summary>
/// <param name="Place">For messages, such as "my.yaml line 3" or "--set".</param>
internal readonly record struct GivenValue(string Key, string Value, string Place)
{
    /// <summary>The values of a task's <c>training</c> section for an algorithm.</summary>
    public static IEnumerable<GivenValue> Of(ControlTask task, LearningAlgorithm algorithm) =>
        task.Training.Of(algorithm.ToString().ToLowerInvariant())
            .Select(setting => new GivenValue(setting.Key, setting.Text, setting.Where));

    /// <summary>The values of all keys of some settings.</summary>
    public static IEnumerable<GivenValue> Of(TrainingSettings settings, string place) =>
        Setting.All.Select(setting => new GivenValue(setting.Key, setting.Show(settings), place));
}
