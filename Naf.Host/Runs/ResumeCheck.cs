using Naf.Host.Common;
using Naf.Host.Settings;

namespace Naf.Host.Runs;

/// <summary>Whether a run can be resumed with what it is given now, and what of it can't stay bitwise as if it had never stopped.</summary>
internal static class ResumeCheck
{
    private static readonly string[] Changeable = ["episodes", "checkpoint_every", "threads", "device"];

    /// <summary>The stored settings with what may change changed.</summary>
    /// <exception cref="UserException">A value would change what was learned so far.</exception>
    public static TrainingSettings Apply(TrainingSettings stored, IEnumerable<GivenValue> changes, string folder)
    {
        var values = GivenValue.Of(stored, "config.yaml").ToList();
        foreach (GivenValue change in changes)
        {
            TrainingSettings changed = SettingsResolver.Resolve([.. values, change]);
            Setting setting = Setting.Find(change.Key)!;
            if (setting.Show(changed) != setting.Show(stored) && !Changeable.Contains(change.Key))
                throw new UserException($"{change.Place}: a resumed run keeps {change.Key} = {setting.Show(stored)}; "
                    + $"begin a new run with --config {RunFolder.ConfigOf(folder)} --set {change.Key}={change.Value}");
            values.Add(change);
        }
        return SettingsResolver.Resolve(values);
    }

    /// <summary>Compares what a run was made with and what it would go on with.</summary>
    /// <param name="accept">Whether to go on all the same, with a warning, where the simulator or the device differ.</param>
    /// <param name="warn">Takes one sentence for each difference that may matter.</param>
    /// <exception cref="UserException">The simulator or the device differ, so that the result would be of two kinds.</exception>
    public static void Compare(Versions then, Versions now, bool accept, Action<string> warn)
    {
        Say("the device", then.Device, now.Device, grave: true);
        Say("MuJoCo", then.Mujoco, now.Mujoco, grave: true);
        Say("the simulation of the task (checksum)", then.Simulation, now.Simulation, grave: true);
        Say("naf", $"{then.Naf} {then.Commit}".Trim(), $"{now.Naf} {now.Commit}".Trim());
        Say(".NET", then.Dotnet, now.Dotnet);
        // of another device, which was said already, all of these differ
        if (then.Device != now.Device) return;
        Say("vector instructions", Vectors(then), Vectors(now));
        Say("the device's driver", then.Driver, now.Driver);
        Say("the launch plan", then.Plan, now.Plan);

        static string Vectors(Versions versions) => $"{versions.Instructions}, {versions.VectorBits} bits";

        void Say(string what, string before, string after, bool grave = false)
        {
            if (before == after) return;
            string difference = $"{what} was {before} when the run was made and is {after} now";
            if (grave && !accept)
                throw new UserException($"{difference}; bring back what it was, or go on with --accept-changes");
            warn($"{difference}: the metrics " + (grave ? "are not those of an uninterrupted run"
                : "may differ in their last digits from an uninterrupted run's"));
        }
    }
}
