namespace Naf.Kernels.Observation;

/// <summary>The kind of a joint, with MuJoCo's numbers (mjtJoint).</summary>
internal enum TreeJointType
{
    /// <summary>
    /// Six degrees of freedom: qpos = position (3, world) and quaternion (4); qvel = linear (3, world) and angular (3,
    /// body's frame).
    /// </summary>
    Free = 0,
    /// <summary>
    /// Three rotations about the anchor: qpos = quaternion (4), from the body's orientation in the model; qvel =
    /// angular velocity (3, body's frame).
    /// </summary>
    Ball = 1,
    /// <summary>A translation along the axis, in metres.</summary>
    Slide = 2,
    /// <summary>A rotation about the axis through the anchor, in radians.</summary>
    Hinge = 3,
}

/// <summary>A body: its frame relative to the parent's with all its joints at their reference.</summary>
/// <param name="Name">The name in the model, or its number if it has none.</param>
/// <param name="Parent">Index of the parent, smaller than the body's own; the world (body 0) has itself.</param>
/// <param name="Position">Origin in the parent's frame, metres (body_pos).</param>
/// <param name="Rotation">Orientation in the parent's frame (body_quat).</param>
/// <param name="FirstJoint">Index of the first joint (body_jntadr); not used if there is none.</param>
/// <param name="JointCount">Number of joints (body_jntnum), applied in order.</param>
internal readonly record struct TreeBody(
    string Name, int Parent, Vec3<double> Position, Quat<double> Rotation, int FirstJoint, int JointCount);

/// <summary>A joint between a body and its parent.</summary>
/// <param name="Name">The name in the model, or its number if it has none.</param>
/// <param name="Body">The body that it moves (jnt_bodyid).</param>
/// <param name="QposAddress">First index in qpos (jnt_qposadr).</param>
/// <param name="DofAddress">First index in qvel (jnt_dofadr).</param>
/// <param name="Anchor">Anchor in the body's frame, metres (jnt_pos).</param>
/// <param name="Axis">Axis in the body's frame, unit length (jnt_axis).</param>
/// <param name="Reference">
/// Position in the reference configuration (qpos0 at <paramref name="QposAddress"/>): the joint displaces by qpos −
/// Reference. Not used by free and ball joints.
/// </param>
internal readonly record struct TreeJoint(
    string Name, TreeJointType Type, int Body, int QposAddress, int DofAddress, Vec3<double> Anchor, Vec3<double> Axis,
    double Reference)
{
    public int Freedoms => Type switch { TreeJointType.Free => 6, TreeJointType.Ball => 3, _ => 1 };

    /// <summary>How many of them, from the first, are translations; the others are rotations.</summary>
    public int Shifts => Type switch { TreeJointType.Free => 3, TreeJointType.Slide => 1, _ => 0 };

    /// <summary>Whether the joint rotates by a quaternion: a free or ball joint.</summary>
    public bool HasQuaternion => Type is TreeJointType.Free or TreeJointType.Ball;

    /// <summary>First index of the quaternion in qpos; only of a joint that has one.</summary>
    public int QuaternionAddress => QposAddress + Shifts;

    /// <summary>First index in qvel of the angular velocity; only of a joint that has a quaternion.</summary>
    public int RotationAddress => DofAddress + Shifts;

    /// <summary>Names of the joint's numbers in qpos; empty for a hinge or slide, which has one.</summary>
    public ImmutableArray<string> PositionParts => Parts(QuaternionParts);

    /// <summary>Names of the joint's numbers in qvel; empty for a hinge or slide, which has one.</summary>
    public ImmutableArray<string> VelocityParts => Parts(RotationParts);

    /// <summary>Names of the components of a quaternion.</summary>
    public static ImmutableArray<string> QuaternionParts { get; } = ["qw", "qx", "qy", "qz"];

    /// <summary>Names of the components of an angular velocity about the body's own axes.</summary>
    public static ImmutableArray<string> RotationParts { get; } = ["rx", "ry", "rz"];

    private ImmutableArray<string> Parts(ImmutableArray<string> turns) => Type switch
    {
        TreeJointType.Free => ["x", "y", "z", .. turns],
        TreeJointType.Ball => turns,
        _ => [],
    };
}

/// <summary>A named frame fixed to a body.</summary>
/// <param name="Name">The name in the model, or its number if it has none.</param>
/// <param name="Body">The body that carries it (site_bodyid).</param>
/// <param name="Position">Origin in the body's frame, metres (site_pos).</param>
/// <param name="Rotation">Orientation in the body's frame (site_quat).</param>
internal readonly record struct TreeSite(string Name, int Body, Vec3<double> Position, Quat<double> Rotation);

/// <summary>A point fixed to a body: the centre of a geom, or a camera.</summary>
/// <param name="Name">The name in the model, or its number if it has none.</param>
/// <param name="Body">The body that carries it; −1 for a camera that tracks a body and is fixed to none.</param>
/// <param name="Position">The point in the body's frame, metres.</param>
internal readonly record struct TreePoint(string Name, int Body, Vec3<double> Position);

/// <summary>
/// The parts of a loaded MuJoCo model that forward kinematics needs: bodies (parents before children; body 0 is the
/// world), joints in the order of their bodies, sites. Conventions are MuJoCo's (its mj_kinematics).
/// </summary>
/// <param name="Bodies">All bodies, the world first.</param>
/// <param name="Joints">All joints; a body's are FirstJoint .. FirstJoint + JointCount − 1.</param>
/// <param name="Qpos0">[Nq], the reference configuration of the model.</param>
/// <param name="Nv">Size of qvel: the degrees of freedom.</param>
internal sealed record KinematicTree(
    ImmutableArray<TreeBody> Bodies, ImmutableArray<TreeJoint> Joints, ImmutableArray<TreeSite> Sites,
    ImmutableArray<double> Qpos0, int Nv)
{
    public int Nq => Qpos0.Length;

    /// <summary>All geoms.</summary>
    public ImmutableArray<TreePoint> Geoms { get; init; } = [];

    /// <summary>All cameras.</summary>
    public ImmutableArray<TreePoint> Cameras { get; init; } = [];

    /// <summary>Index of the body with this name, or −1.</summary>
    public int FindBody(string name) => Find(Bodies.Select(body => body.Name), name);

    /// <summary>Index of the joint with this name, or −1.</summary>
    public int FindJoint(string name) => Find(Joints.Select(joint => joint.Name), name);

    /// <summary>Index of the site with this name, or −1.</summary>
    public int FindSite(string name) => Find(Sites.Select(site => site.Name), name);

    /// <summary>The given bodies and their ancestors, in ascending order and without the world.</summary>
    public int[] WithParents(IEnumerable<int> bodies)
    {
        var needed = new bool[Bodies.Length];
        foreach (int body in bodies)
            for (int b = body; b > 0; b = Bodies[b].Parent) needed[b] = true;
        return [.. Enumerable.Range(1, Bodies.Length - 1).Where(b => needed[b])];
    }

    private static int Find(IEnumerable<string> names, string name) =>
        name.Length == 0 ? -1 : names.ToList().IndexOf(name);
}
