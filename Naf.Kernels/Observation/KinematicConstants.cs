using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>A body rounded to T: its pose in the parent's frame, and its joints, First to End − 1.</summary>
internal struct BodyConstants<T>(TreeBody body) where T : IFloatingPointIeee754<T>
{
    public int Parent = body.Parent, First = body.FirstJoint, End = body.FirstJoint + body.JointCount;
    public Vec3<T> Position = body.Position.To<T>();
    public Mat3<T> Rotation = Mat3<double>.From(body.Rotation.Normalized()).To<T>();
    /// <summary>1 where the rotation is not the identity, otherwise 0.</summary>
    public int Turned = body.Rotation != Quat<double>.Identity ? 1 : 0;
}

/// <summary>A joint rounded to T.</summary>
internal struct JointConstants<T>(TreeJoint joint) where T : IFloatingPointIeee754<T>
{
    public TreeJointType Type = joint.Type;
    public int Qpos = joint.QposAddress, Dof = joint.DofAddress, Freedoms = joint.Freedoms, Shifts = joint.Shifts;
    public T Reference = T.CreateChecked(joint.Reference);
    public Vec3<T> Axis = joint.Axis.To<T>(), Anchor = joint.Anchor.To<T>();
    /// <summary>1 where the anchor is not the body's origin, otherwise 0.</summary>
    public int Anchored = joint.Anchor != default ? 1 : 0;
    /// <summary>The axis of the body's frame parallel to the joint's axis, −1 for none; Sign: its direction.</summary>
    public int Along = AlongAxis(joint.Axis);
    public T Sign = joint.Axis.X + joint.Axis.Y + joint.Axis.Z < 0 ? -T.One : T.One;
    /// <summary>q_ref of a free or ball joint; not used by the others.</summary>
    public Quat<T> ReferenceRotation;

    private static int AlongAxis(Vec3<double> axis)
    {
        for (int k = 0; k < 3; k++)
            if (axis == Vec3<double>.Unit(k) || axis == -1.0 * Vec3<double>.Unit(k)) return k;
        return -1;
    }
}
