using Naf.Kernels.Observation;

namespace Naf.Sim.Mujoco;

/// <summary>The model's kinematic tree, for observations that are computed without MuJoCo.</summary>
public sealed unsafe partial class MujocoModel
{
    private KinematicTree? _tree;

    /// <summary>Bodies, joints and sites as the model was compiled; mocap bodies stand where the model put them. Read once.</summary>
    public KinematicTree KinematicTree => _tree ??= ReadTree();

    private KinematicTree ReadTree()
    {
        var bodies = new TreeBody[BodyCount];
        for (int i = 0; i < bodies.Length; i++)
        {
            bodies[i] = new TreeBody(NameOf(MujocoObject.Body, i), BodyParent[i],
                Vector(BodyPosition, i), Rotation(BodyOrientation, i), BodyJointAddress[i], BodyJointCount[i]);
        }

        var joints = new TreeJoint[JointCount];
        for (int i = 0; i < joints.Length; i++)
        {
            joints[i] = new TreeJoint(NameOf(MujocoObject.Joint, i), (TreeJointType)JointType[i], JointBody[i],
                JointQposAddress[i], JointDofAddress[i], Vector(JointPosition, i), Vector(JointAxis, i), Qpos0[JointQposAddress[i]]);
        }

        var sites = new TreeSite[SiteCount];
        for (int i = 0; i < sites.Length; i++)
            sites[i] = new TreeSite(NameOf(MujocoObject.Site, i), SiteBody[i], Vector(SitePosition, i), Rotation(SiteOrientation, i));

        return new KinematicTree([.. bodies], [.. joints], [.. sites], [.. Qpos0], Nv);

        static Vec3<double> Vector(ReadOnlySpan<double> of, int i) => new(of[3 * i], of[3 * i + 1], of[3 * i + 2]);
        static Quat<double> Rotation(ReadOnlySpan<double> of, int i) => new(of[4 * i], of[4 * i + 1], of[4 * i + 2], of[4 * i + 3]);
    }
}
