using Naf.Host.Common;
using Naf.Host.Settings;

namespace Naf.Host.Runs;

/// <summary>
/// Checks whether a run can be resumed with the given settings and versions, and reports what may keep it from being
/// bitwise that of an uninterrupted run.
/// </summary>
internal static class ResumeCheck
{
    private static readonly string[] Changeable =
    [
        "episodes", "verification_episodes", "checkpoint_every", "answer_timeout", "threads", "device", "tensorboard",
    ];

    /// <summary>The settings of the resumed run, checked.</summary>
    /// <param name="stored">The settings that the run was made with.</param>
    /// <exception cref="UserException">A value would change what was learned so far.</exception>
    public static TrainingSettings Apply(TrainingSettings stored, TrainingSettings settings, string folder)
    {
        TrainingSettings resolved = SettingsResolver.Resolve(settings);
        foreach (Setting setting in Setting.All)
        {
            (string before, string now) = (setting.Show(stored), setting.Show(resolved));
            if (before != now && !Changeable.Contains(setting.Key))
            {
                string key = setting.Key, config = RunFolder.ConfigOf(folder);
                throw new UserException($"a resumed run keeps {key} = {before}; begin a new run for {key} = {now}")
                {
                    Option = $"naf train TASK --config {config} --set {key}={now}",
                };
            }
        }
        return resolved;
    }

    /// <summary>Compares the settings in config.yaml with those that a checkpoint was learned with.</summary>
    /// <param name="learned">Lines KEY: VALUE (<see cref="RunConfig.SettingsText"/>).</param>
    /// <param name="accept">Whether to continue, with a warning, if they differ.</param>
    /// <param name="warn">Receives a sentence on what differs.</param>
    /// <returns>What differs, for the run's history; null: nothing that is not there already.</returns>
    /// <exception cref="UserException">They differ, in what changes learning.</exception>
    public static string? Compare(string learned, RunConfig now, bool accept, Action<string> warn)
    {
        string[] changes = [.. from line in learned.Split('\n')
            let pair = line.Trim().Split(": ", 2)
            let setting = Setting.Find(pair[0])
            where setting is not null && pair.Length == 2 && !Changeable.Contains(setting.Key)
            let then = setting.Parse(now.Settings, pair[1])
            where then is not null && setting.Show(then) != setting.Show(now.Settings)
            select $"{setting.Key} was {pair[1]} and is {setting.Show(now.Settings)}"];
        string change = $"config.yaml was edited: {string.Join(", ", changes)}";
        bool accepted = now.History.Any(entry => entry.EndsWith(change, StringComparison.Ordinal));
        if (changes.Length == 0 || accepted) return null;
        if (!accept)
            throw new UserException($"{change}; bring back what the run was trained with, or accept the change")
            {
                Option = "--accept-changes",
            };
        warn($"{change}: the metrics are not those of an uninterrupted run");
        return change;
    }

    /// <summary>Compares the versions that a run was made with and the present ones.</summary>
    /// <param name="accept">Whether to continue, with a warning, if the simulator or the device differs.</param>
    /// <param name="warn">Receives a sentence for each difference that may matter.</param>
    /// <returns>What was accepted, for the run's history.</returns>
    /// <exception cref="UserException">The simulator or device differs, so the results would be mixed.</exception>
    public static IEnumerable<string> Compare(Versions then, Versions now, bool accept, Action<string> warn)
    {
        List<string> accepted = [];
        Say("the device", then.Device, now.Device, grave: true);
        Say("MuJoCo", then.Mujoco, now.Mujoco, grave: true);
        Say("the simulation of the task (checksum)", then.Simulation, now.Simulation, grave: true);
        Say("naf", $"{then.Naf} {then.Commit}".Trim(), $"{now.Naf} {now.Commit}".Trim());
        Say(".NET", then.Dotnet, now.Dotnet);
        // on another device, which is reported above, all of these differ
        if (then.Device != now.Device) return accepted;
        Say("vector instructions", Vectors(then), Vectors(now));
        Say("the device's driver", then.Driver, now.Driver);
        Say("the launch plan", then.Plan, now.Plan);
        return accepted;

        // a machine's episodes, which can't be repeated, have no checksum
        static string Shown(string text) => text.Length > 0 ? text : "none";

        static string Vectors(Versions versions) => $"{versions.Instructions}, {versions.VectorBits} bits";

        void Say(string what, string before, string after, bool grave = false)
        {
            if (before == after) return;
            string difference = $"{what} was {Shown(before)} when the run was made and is {Shown(after)} now";
            if (grave && !accept)
                throw new UserException($"{difference}; bring back what it was, or accept the change")
                {
                    Option = "--accept-changes",
                };
            if (grave) accepted.Add(difference);
            warn($"{difference}: the metrics " + (grave
                ? "are not those of an uninterrupted run"
                : "may differ in their last digits from an uninterrupted run's"));
        }
    }
}
