using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>What an entry computes; the first four are those of <see cref="JointQuantity"/>.</summary>
internal enum EntryKind
{
    Position, Sine, Cosine, Velocity,
    /// <summary>Of a ball or free joint: its unit quaternion (4), and its angular velocity (3).</summary>
    Quaternion, Rotation,
    Place, Axis, LinearVelocity, AngularVelocity,
}

/// <summary>An entry prepared for evaluation: indices resolved, constants rounded to T, unused fields zero.</summary>
internal struct PreparedEntry<T> where T : IFloatingPointIeee754<T>
{
    public EntryKind Kind;
    /// <summary>First index in x.</summary>
    public int Start;
    /// <summary>The joint, and the first index of what is observed in qpos and qvel.</summary>
    public int Joint, Qpos, Dof;
    public int Frame, Axis;
    /// <summary>Reference position of the joint.</summary>
    public T Reference = T.Zero;
    public Components Keep;
    /// <summary>The observed place or body, and the place to subtract.</summary>
    public Point Of, Minus;

    public PreparedEntry(ObservationDefinition definition, ObservationEntry entry, int start)
    {
        Start = start;
        if (entry is VectorEntry vector) (Frame, Keep) = (vector.Frame, vector.Keep);
        switch (entry)
        {
            case JointEntry e:
                TreeJoint joint = definition.Tree.Joints[e.Joint];
                (Kind, Joint) = ((EntryKind)e.Quantity, e.Joint);
                (Qpos, Dof, Reference) = (joint.QposAddress, joint.DofAddress, T.CreateChecked(joint.Reference));
                if (!joint.HasQuaternion) break;
                (Qpos, Dof) = (joint.QuaternionAddress, joint.RotationAddress);
                (Kind, Keep) = e.Quantity == JointQuantity.Position
                    ? (EntryKind.Quaternion, default) : (EntryKind.Rotation, Components.All);
                break;
            case PlaceEntry e:
                (Kind, Of) = (EntryKind.Place, new Point(e.Of));
                if (e.Minus is { } minus) Minus = new Point(minus);
                break;
            case ConstantEntry e:
                (Kind, Of) = (EntryKind.Place, new Point(Place.Constant(e.Offset, e.Count)));
                break;
            case AxisEntry e:
                (Kind, Of, Axis) = (EntryKind.Axis, new Point(Place.On(e.Body, default)), e.Axis);
                break;
            case LinearVelocityEntry e:
                (Kind, Of) = (EntryKind.LinearVelocity, new Point(e.Of));
                break;
            case AngularVelocityEntry e:
                (Kind, Of) = (EntryKind.AngularVelocity, new Point(Place.On(e.Body, default)));
                break;
        }
    }

    public readonly bool IsVelocity => Kind >= EntryKind.LinearVelocity;

    /// <summary>A point of a body, or <c>Count</c> constants of the episode if that is above 0.</summary>
    public struct Point(Place place)
    {
        public int Body = Math.Max(place.Body, 0), Offset = place.Offset, Count = place.Count;
        public Vec3<T> Position = place.Position.To<T>();

        /// <summary>The constants as a vector; missing components are 0.</summary>
        public readonly Vec3<T> Read(ReadOnlySpan<T> constants) =>
            new(constants[Offset], Count > 1 ? constants[Offset + 1] : T.Zero,
                Count > 2 ? constants[Offset + 2] : T.Zero);
    }

    /// <summary>The bodies whose frames the entry needs; 0 is the world.</summary>
    public readonly int[] Bodies => [Frame, Of.Body, Minus.Body];

    /// <summary>Writes the kept components.</summary>
    public readonly void Write(Vec3<T> v, Span<T> x)
    {
        int i = 0;
        if ((Keep & Components.X) != 0) x[i++] = v.X;
        if ((Keep & Components.Y) != 0) x[i++] = v.Y;
        if ((Keep & Components.Z) != 0) x[i] = v.Z;
    }

    /// <summary>Adds the kept components to a column of consecutive rows of <paramref name="width"/> numbers.</summary>
    public readonly void Add(Vec3<T> v, Span<T> rows, int column, int width)
    {
        int i = column;
        if ((Keep & Components.X) != 0) { rows[i] += v.X; i += width; }
        if ((Keep & Components.Y) != 0) { rows[i] += v.Y; i += width; }
        if ((Keep & Components.Z) != 0) rows[i] += v.Z;
    }
}
