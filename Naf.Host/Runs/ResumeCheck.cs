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
        ["episodes", "verification_episodes", "checkpoint_every", "threads", "device"];

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

    /// <summary>Compares the versions that a run was made with and the present ones.</summary>
    /// <param name="accept">Whether to continue, with a warning, if the simulator or the device differs.</param>
    /// <param name="warn">Receives a sentence for each difference that may matter.</param>
    /// <exception cref="UserException">The simulator or device differs, so the results would be mixed.</exception>
    public static void Compare(Versions then, Versions now, bool accept, Action<string> warn)
    {
        Say("the device", then.Device, now.Device, grave: true);
        Say("MuJoCo", then.Mujoco, now.Mujoco, grave: true);
        Say("the simulation of the task (checksum)", then.Simulation, now.Simulation, grave: true);
        Say("naf", $"{then.Naf} {then.Commit}".Trim(), $"{now.Naf} {now.Commit}".Trim());
        Say(".NET", then.Dotnet, now.Dotnet);
        // on another device, which is reported above, all of these differ
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
                throw new UserException($"{difference}; bring back what it was, or accept the change")
                {
                    Option = "--accept-changes",
                };
            warn($"{difference}: the metrics " + (grave
                ? "are not those of an uninterrupted run"
                : "may differ in their last digits from an uninterrupted run's"));
        }
    }
}
