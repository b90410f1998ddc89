using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>What one step of an observation computes; the first are those of <see cref="JointQuantity"/>.</summary>
internal enum StepKind { Position, Sine, Cosine, Velocity, Place, Axis, LinearVelocity, AngularVelocity }

/// <summary>An entry made ready for evaluation: indices looked up, constants rounded to T. Fields that a kind does not use are zero.</summary>
internal readonly struct ObservationStep<T> where T : IFloatingPointIeee754<T>
{
    public readonly StepKind Kind;
    /// <summary>First index in x.</summary>
    public readonly int Start;
    public readonly int Joint, Qpos, Dof;
    /// <summary>The joint's sine and cosine are those of the kinematics (its reference is 0).</summary>
    public readonly bool SharesAngle;
    public readonly int Frame, AxisIndex;
    public readonly Components Keep;
    /// <summary>The place or body that is observed, and the place that is subtracted.</summary>
    public readonly Point Of, Minus;

    public ObservationStep(ObservationDefinition definition, ObservationEntry entry, int start)
    {
        Start = start;
        if (entry is VectorEntry vector) (Frame, Keep) = (vector.Frame, vector.Keep);
        switch (entry)
        {
            case JointEntry e:
                TreeJoint joint = definition.Tree.Joints[e.Joint];
                (Joint, Qpos, Dof, SharesAngle) = (e.Joint, joint.QposAddress, joint.DofAddress, joint.Reference == 0);
                Kind = (StepKind)e.Quantity;
                break;
            case PlaceEntry e:
                (Kind, Of) = (StepKind.Place, new Point(e.Of));
                if (e.Minus is { } minus) Minus = new Point(minus);
                break;
            case ConstantEntry e:
                (Kind, Of) = (StepKind.Place, new Point(Place.Constant(e.Offset, e.Count)));
                break;
            case AxisEntry e:
                (Kind, Of, AxisIndex) = (StepKind.Axis, new Point(Place.On(e.Body, default)), e.Axis);
                break;
            case LinearVelocityEntry e:
                (Kind, Of) = (StepKind.LinearVelocity, new Point(e.Of));
                break;
            case AngularVelocityEntry e:
                (Kind, Of) = (StepKind.AngularVelocity, new Point(Place.On(e.Body, default)));
                break;
        }
    }

    /// <summary>Whether it is a velocity of a body.</summary>
    public bool Moves => Kind >= StepKind.LinearVelocity;

    /// <summary>A point of a body, or where Count is above 0 so many constants of the episode.</summary>
    public struct Point(Place place)
    {
        public int Body = Math.Max(place.Body, 0), Offset = place.Offset, Count = place.Count;
        public Vec3<T> Position = place.Position.To<T>();

        /// <summary>The constants as a vector; missing components are 0.</summary>
        public readonly Vec3<T> Read(ReadOnlySpan<T> constants) =>
            new(constants[Offset], Count > 1 ? constants[Offset + 1] : T.Zero,
                Count > 2 ? constants[Offset + 2] : T.Zero);
    }

    /// <summary>Marks the bodies whose frames the step needs.</summary>
    public void MarkBodies(Span<bool> bodies) => bodies[Frame] = bodies[Of.Body] = bodies[Minus.Body] = true;

    /// <summary>Writes the components that are kept.</summary>
    public void Write(Vec3<T> v, Span<T> x)
    {
        int i = 0;
        if ((Keep & Components.X) != 0) x[i++] = v.X;
        if ((Keep & Components.Y) != 0) x[i++] = v.Y;
        if ((Keep & Components.Z) != 0) x[i] = v.Z;
    }

    /// <summary>Adds the components that are kept to column <paramref name="column"/> of rows of <paramref name="width"/> numbers.</summary>
    public void Add(Vec3<T> v, Span<T> rows, int column, int width)
    {
        int i = column;
        if ((Keep & Components.X) != 0) { rows[i] += v.X; i += width; }
        if ((Keep & Components.Y) != 0) { rows[i] += v.Y; i += width; }
        if ((Keep & Components.Z) != 0) rows[i] += v.Z;
    }
}
