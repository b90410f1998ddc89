using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>What one step of an observation computes.</summary>
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
    public readonly int Frame, Body, AxisIndex;
    public readonly Components Keep;
    /// <summary>The point of a body that is observed, and the one that is subtracted; null where it is a constant or there is none.</summary>
    public readonly BodyPoint? Of, Minus;
    /// <summary>The episode constant that is observed, and the one that is subtracted; Count 0 where there is none.</summary>
    public readonly Slice OfConstant, MinusConstant;

    public readonly record struct BodyPoint(int Body, Vec3<T> Position);

    public readonly record struct Slice(int Offset, int Count)
    {
        /// <summary>The constant as a vector; missing components are 0.</summary>
        public Vec3<T> Read(ReadOnlySpan<T> constants) => new(
            Count > 0 ? constants[Offset] : T.Zero, Count > 1 ? constants[Offset + 1] : T.Zero, Count > 2 ? constants[Offset + 2] : T.Zero);
    }

    public ObservationStep(ObservationDefinition definition, ObservationEntry entry, int start)
    {
        Start = start;
        if (entry is VectorEntry vector) (Frame, Keep) = (vector.Frame, vector.Keep);
        switch (entry)
        {
            case JointEntry e:
                TreeJoint joint = definition.Tree.Joints[e.Joint];
                (Joint, Qpos, Dof, SharesAngle) = (e.Joint, joint.QposAddress, joint.DofAddress, joint.Reference == 0);
                Kind = e.Quantity switch
                {
                    JointQuantity.Sine => StepKind.Sine,
                    JointQuantity.Cosine => StepKind.Cosine,
                    JointQuantity.Velocity => StepKind.Velocity,
                    _ => StepKind.Position,
                };
                break;
            case PlaceEntry e:
                Kind = StepKind.Place;
                (Of, OfConstant) = Read(e.Of);
                if (e.Minus is { } minus) (Minus, MinusConstant) = Read(minus);
                break;
            case ConstantEntry e:
                Kind = StepKind.Place;
                OfConstant = new Slice(e.Offset, e.Count);
                break;
            case AxisEntry e:
                (Kind, Body, AxisIndex) = (StepKind.Axis, e.Body, e.Axis);
                break;
            case LinearVelocityEntry e:
                (Kind, (Of, OfConstant)) = (StepKind.LinearVelocity, Read(e.Of));
                break;
            case AngularVelocityEntry e:
                (Kind, Body) = (StepKind.AngularVelocity, e.Body);
                break;
        }
    }

    /// <summary>Marks the bodies whose frames the step needs.</summary>
    public void MarkBodies(Span<bool> bodies)
    {
        bodies[Frame] = bodies[Body] = true;
        if (Of is { } of) bodies[of.Body] = true;
        if (Minus is { } minus) bodies[minus.Body] = true;
    }

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

    private static (BodyPoint? Point, Slice Constant) Read(Place place) =>
        place.IsConstant ? (null, new Slice(place.Offset, place.Count)) : (new BodyPoint(place.Body, place.Position.To<T>()), default);
}
