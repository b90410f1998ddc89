using Naf.Kernels.Observation;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>Trees and states for the observation tests.</summary>
internal static class SampleTrees
{
    /// <summary>
    /// A free body with an arm: a body with a slide and two oblique hinges, offsets, rotated frames and references; and
    /// a separate cart, with a rod on a ball joint at its pole.
    /// </summary>
    public static KinematicTree Mixed()
    {
        Quat<double> turned = new Quat<double>(0.8, 0.3, -0.4, 0.2).Normalized();
        ImmutableArray<TreeBody> bodies =
        [
            new("world", 0, default, Quat<double>.Identity, 0, 0),
            new("float", 0, new(0.1, 0.2, 0.5), turned, 0, 1),
            new("upper", 1, new(0.3, -0.1, 0.05), turned, 1, 3),
            new("fixed", 2, new(0, 0.2, 0), turned, 0, 0),
            new("lower", 3, new(0.25, 0, 0.1), Quat<double>.Identity, 4, 1),
            new("cart", 0, new(0, 1, 0), turned, 5, 2),
            new("pole", 5, new(0, 0, 0.2), Quat<double>.Identity, 7, 1),
            new("rod", 6, new(0.1, -0.2, 0.3), turned, 8, 2),
            new("claw", 7, new(0, 0.2, 0.1), turned, 10, 1),
        ];
        ImmutableArray<TreeJoint> joints =
        [
            new("root", TreeJointType.Free, 1, 0, 0, default, new(0, 0, 1), 0),
            new("lift", TreeJointType.Slide, 2, 7, 6, new(0.02, 0.01, 0), Unit(1, 1, 0), 0.1),
            new("swing", TreeJointType.Hinge, 2, 8, 7, new(-0.05, 0.03, 0.02), Unit(1, -2, 0.5), -0.3),
            new("twist", TreeJointType.Hinge, 2, 9, 8, new(0.01, 0.02, 0.03), new(0, -1, 0), 0),
            new("elbow", TreeJointType.Hinge, 4, 10, 9, new(-0.1, 0, 0), new(0, 0, 1), 0.2),
            new("turn", TreeJointType.Hinge, 5, 11, 10, new(0.1, 0, 0), new(1, 0, 0), 0),
            new("rail", TreeJointType.Slide, 5, 12, 11, default, new(1, 0, 0), 0),
            new("pole", TreeJointType.Hinge, 6, 13, 12, default, new(0, 1, 0), 0),
            new("socket", TreeJointType.Ball, 7, 14, 13, new(0.05, -0.1, 0.2), new(0, 0, 1), 1),
            new("sleeve", TreeJointType.Slide, 7, 18, 16, default, Unit(1, 2, 3), 0),
            new("claw", TreeJointType.Hinge, 8, 19, 17, new(0.01, 0, 0.1), Unit(-1, 1, 1), 0.1),
        ];
        ImmutableArray<TreeSite> sites =
        [
            new("tip", 4, new(0.2, 0.05, -0.1), Quat<double>.Identity),
            new("top", 6, new(0, 0.1, 0.6), Quat<double>.Identity),
            new("grip", 8, new(0.1, 0.2, 0), Quat<double>.Identity),
            new("post", 0, new(1, 2, 3), Quat<double>.Identity),
        ];
        return new KinematicTree(bodies, joints, sites,
            [0.1, 0.2, 0.5, turned.W, turned.X, turned.Y, turned.Z, 0.1, -0.3, 0, 0.2, 0, 0, 0,
                turned.W, turned.X, turned.Y, turned.Z, 0, 0.1], 18);
    }

    /// <summary>Every kind of observation entry over <see cref="Mixed"/>, with five episode constants.</summary>
    public static ObservationDefinition EveryEntry(KinematicTree tree)
    {
        int Joint(string name) => tree.FindJoint(name);
        int Body(string name) => tree.FindBody(name);
        Place Site(string name) => Place.On(tree.Sites[tree.FindSite(name)].Body,
            tree.Sites[tree.FindSite(name)].Position);
        return new ObservationDefinition(tree, 5,
        [
            new JointEntry("lift", JointQuantity.Position, Joint("lift")),
            new JointEntry("swing.sin", JointQuantity.Sine, Joint("swing")),
            new JointEntry("swing.cos", JointQuantity.Cosine, Joint("swing")),
            new JointEntry("pole.sin", JointQuantity.Sine, Joint("pole")),
            new JointEntry("elbow.velocity", JointQuantity.Velocity, Joint("elbow")),
            new PlaceEntry("tip", Site("tip"), null, 0, Components.All),
            new PlaceEntry("tip-top", Site("tip"), Site("top"), 0, Components.X | Components.Z),
            new PlaceEntry("tip-top in pole", Site("tip"), Site("top"), Body("pole"), Components.All),
            new PlaceEntry("tip-target in upper", Site("tip"), Place.Constant(0, 3), Body("upper"), Components.All),
            new PlaceEntry("goal-tip", Place.Constant(3, 2), Site("tip"), 0, Components.All),
            new PlaceEntry("post in lower", Site("post"), null, Body("lower"), Components.Y),
            new AxisEntry("float.x", Body("float"), 0, 0, Components.All),
            new AxisEntry("lower.z in cart", Body("lower"), 2, Body("cart"), Components.All),
            new LinearVelocityEntry("tip velocity", Site("tip"), 0, Components.All),
            new LinearVelocityEntry("tip velocity in lower", Site("tip"), Body("lower"), Components.All),
            new LinearVelocityEntry("top velocity in upper", Site("top"), Body("upper"), Components.Z | Components.X),
            new AngularVelocityEntry("lower spin", Body("lower"), 0, Components.All),
            new AngularVelocityEntry("lower spin in lower", Body("lower"), Body("lower"), Components.All),
            new AngularVelocityEntry("float spin in float", Body("float"), Body("float"), Components.All),
            new JointEntry("socket", JointQuantity.Position, Joint("socket")),
            new JointEntry("socket.velocity", JointQuantity.Velocity, Joint("socket")),
            new JointEntry("root", JointQuantity.Position, Joint("root")),
            new JointEntry("rail.velocity", JointQuantity.Velocity, Joint("rail")),
            new JointEntry("root.velocity", JointQuantity.Velocity, Joint("root")),
            new PlaceEntry("grip in tip", Site("grip"), Site("tip"), Body("rod"), Components.All),
            new LinearVelocityEntry("grip velocity in rod", Site("grip"), Body("rod"), Components.All),
            new AngularVelocityEntry("claw spin", Body("claw"), 0, Components.All),
            new AxisEntry("claw.y in float", Body("claw"), 1, Body("float"), Components.All),
            new ConstantEntry("goal", 3, 2, Components.Y),
        ]);
    }

    /// <summary>
    /// State number <paramref name="draw"/>: (qpos, qvel) of order one, unit quaternions, and constants.
    /// </summary>
    public static (double[] Qpos, double[] Qvel, double[] Constants) State(
        KinematicTree tree, int constants, ulong draw)
    {
        uint lane = 0;
        double Next() => Philox.Normal(11, RandomStream.TestReset, draw, lane++);
        double[] qpos = [.. Enumerable.Range(0, tree.Nq).Select(_ => Next())];
        foreach (TreeJoint joint in tree.Joints)
            if (joint.HasQuaternion)
            {
                Span<double> q = qpos.AsSpan(joint.QuaternionAddress, 4);
                Quat<double> unit = new Quat<double>(q[0], q[1], q[2], q[3]).Normalized();
                (q[0], q[1], q[2], q[3]) = (unit.W, unit.X, unit.Y, unit.Z);
            }
        return (qpos, [.. Enumerable.Range(0, tree.Nv).Select(_ => 2 * Next())],
            [.. Enumerable.Range(0, constants).Select(_ => Next())]);
    }

    /// <summary>qpos displaced by δ along qvel[dof], as by mj_integratePos.</summary>
    public static double[] Displaced(KinematicTree tree, double[] qpos, int dof, double delta)
    {
        double[] moved = [.. qpos];
        TreeJoint joint = tree.Joints.Last(j => j.DofAddress <= dof);
        if (!joint.HasQuaternion || dof < joint.RotationAddress)
        {
            moved[joint.QposAddress + dof - joint.DofAddress] += delta;
            return moved;
        }
        int k = dof - joint.RotationAddress, a = joint.QuaternionAddress;
        // q · (cos δ/2, e sin δ/2), Hamilton's product written out
        double c = Math.Cos(delta / 2), s = Math.Sin(delta / 2);
        (double x, double y, double z) = (k == 0 ? s : 0, k == 1 ? s : 0, k == 2 ? s : 0);
        (double w0, double x0, double y0, double z0) = (qpos[a], qpos[a + 1], qpos[a + 2], qpos[a + 3]);
        moved[a] = w0 * c - x0 * x - y0 * y - z0 * z;
        moved[a + 1] = w0 * x + x0 * c + y0 * z - z0 * y;
        moved[a + 2] = w0 * y - x0 * z + y0 * c + z0 * x;
        moved[a + 3] = w0 * z + x0 * y - y0 * x + z0 * c;
        return moved;
    }

    private static Vec3<double> Unit(double x, double y, double z) =>
        1 / Math.Sqrt(x * x + y * y + z * z) * new Vec3<double>(x, y, z);
}
