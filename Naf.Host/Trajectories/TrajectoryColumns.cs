using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Host.Trajectories;

/// <summary>Names of the columns of a trajectory's file, by the names of the task.</summary>
internal sealed class TrajectoryColumns
{
    private static readonly string[] FreePosition = ["x", "y", "z", "qw", "qx", "qy", "qz"], FreeVelocity = ["x", "y", "z", "rx", "ry", "rz"];

    public TrajectoryColumns(ControlTask task)
    {
        TaskDefinition definition = task.Definition;
        KinematicTree tree = definition.Observation.Tree;
        Positions = [.. tree.Joints.SelectMany((joint, i) => OfJoint("qpos", joint, i, FreePosition))];
        Velocities = [.. tree.Joints.SelectMany((joint, i) => OfJoint("qvel", joint, i, FreeVelocity))];
        Constants = [.. definition.Reset.Constants.SelectMany(constant => constant.Draw.Size == 1 ? [Clean($"constant.{constant.Name}")]
            : "xyz"[..constant.Draw.Size].Select(letter => Clean($"constant.{constant.Name}.{letter}")))];
        Actions = [.. Enumerable.Range(0, task.ActionSize).Select(i => Named("action", task.Model.NameOf(MujocoObject.Actuator, i), i))];
        All = ["step", "time", .. Positions, .. Velocities, .. Constants, .. Actions, "reward"];
    }

    /// <summary>[Nq] qpos.JOINT; of a free joint qpos.JOINT.x to .qz.</summary>
    public string[] Positions { get; }

    /// <summary>[Nv] qvel.JOINT; of a free joint qvel.JOINT.x to .rz.</summary>
    public string[] Velocities { get; }

    /// <summary>constant.NAME, or constant.NAME.x to .z.</summary>
    public string[] Constants { get; }

    /// <summary>[actions] action.ACTUATOR.</summary>
    public string[] Actions { get; }

    public string[] All { get; }

    /// <summary>Whether a name is that of a position, which every trajectory has.</summary>
    public static bool IsPosition(string name) => name.StartsWith("qpos.", StringComparison.Ordinal);

    private static IEnumerable<string> OfJoint(string what, TreeJoint joint, int index, string[] ofFree) => joint.Type == TreeJointType.Free
        ? ofFree.Select(part => $"{Named(what, joint.Name, index)}.{part}") : [Named(what, joint.Name, index)];

    // what has no name is numbered
    private static string Named(string what, string name, int index) => Clean($"{what}.{(name.Length > 0 ? name : $"{index}")}");

    // a name with a comma or a quotation mark would need quoting
    private static string Clean(string name) => name.Replace(',', '_').Replace('"', '_').ReplaceLineEndings("_");
}
