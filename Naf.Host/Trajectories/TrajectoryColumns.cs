using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Trajectories;

/// <summary>Names of the columns of a trajectory's file, by the names of the task.</summary>
internal sealed class TrajectoryColumns(ControlTask task)
{
    /// <summary>[Nq] qpos.JOINT; of a free joint qpos.JOINT.x to .qz.</summary>
    public string[] Positions { get; } = [.. OfJoints(task, "qpos", ["x", "y", "z", "qw", "qx", "qy", "qz"])];

    /// <summary>[Nv] qvel.JOINT; of a free joint qvel.JOINT.x to .rz.</summary>
    public string[] Velocities { get; } = [.. OfJoints(task, "qvel", ["x", "y", "z", "rx", "ry", "rz"])];

    /// <summary>constant.NAME, or constant.NAME.x to .z.</summary>
    public string[] Constants { get; } = [.. task.Definition.Reset.Constants.SelectMany(constant => constant.Draw.Size == 1
        ? [Clean($"constant.{constant.Name}")]
        : "xyz"[..constant.Draw.Size].Select(letter => Clean($"constant.{constant.Name}.{letter}")))];

    /// <summary>[actions] action.ACTUATOR.</summary>
    public string[] Actions { get; } = [.. Enumerable.Range(0, task.ActionSize)
        .Select(i => Named("action", task.Model.NameOf(MujocoObject.Actuator, i), i))];

    public string[] All => ["step", "time", .. Positions, .. Velocities, .. Constants, .. Actions, "reward"];

    /// <summary>Whether a name is that of a position, which every trajectory has.</summary>
    public static bool IsPosition(string name) => name.StartsWith("qpos.", StringComparison.Ordinal);

    private static IEnumerable<string> OfJoints(ControlTask task, string what, string[] ofFree) =>
        task.Definition.Observation.Tree.Joints.SelectMany((joint, i) => joint.Type == TreeJointType.Free
            ? ofFree.Select(part => $"{Named(what, joint.Name, i)}.{part}") : [Named(what, joint.Name, i)]);

    // what has no name is numbered
    private static string Named(string what, string name, int index) => Clean($"{what}.{(name.Length > 0 ? name : $"{index}")}");

    // a name with a comma or a quotation mark would need quoting
    private static string Clean(string name) => name.Replace(',', '_').Replace('"', '_').ReplaceLineEndings("_");
}
