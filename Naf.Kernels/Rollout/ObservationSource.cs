using System.Globalization;
using Term = Naf.Kernels.StraightLine.Term;
using Vector = Naf.Kernels.StraightLine.Vector;

namespace Naf.Kernels;

/// <summary>
/// x = h(s, c) as kernel source for one task: <c>observe(s, c, x)</c>, the entries written out over
/// <see cref="KinematicSource"/>, with every constant of the model folded in. The same formulas as <see cref="ObservationFunction{T}"/>.
/// </summary>
internal sealed class ObservationSource
{
    private readonly StraightLine _code = new();
    private readonly KinematicTree _tree;
    private readonly KinematicSource _kinematics;

    private ObservationSource(StateCoordinates coordinates) =>
        (_tree, _kinematics) = (coordinates.Tree, new KinematicSource(_code, coordinates));

    /// <summary>
    /// The function <c>observe</c>: s and x are columns of tiles with ROWS floats from one entry to the next, c the constants of the episode.
    /// </summary>
    public static string Emit(RolloutDefinition definition)
    {
        var source = new ObservationSource(definition.Coordinates);
        ObservationDefinition observation = definition.Observation;
        for (int e = 0; e < observation.Entries.Length; e++) source.Write(observation.Entries[e], observation.Starts[e]);
        return "DEVICE void observe(LOCAL const float* s, GLOBAL const float* c, LOCAL float* x)\n{\n" + source._code + "}\n";
    }

    private void Write(ObservationEntry entry, int start)
    {
        switch (entry)
        {
            case JointEntry e:
                Store(start, OfJoint(e));
                return;
            case ConstantEntry e:
                Store(start, e.Keep, OfConstant(e.Offset, e.Count));
                return;
            case PlaceEntry e:
                Vector place = OfPlace(e.Of);
                if (e.Minus is { } minus) place -= OfPlace(minus);
                Store(start, e.Keep, Framed(e.Frame, place));
                return;
            case AxisEntry e:
                Store(start, e.Keep, Framed(e.Frame, _kinematics.Rotation(e.Body)[e.Axis]));
                return;
            case LinearVelocityEntry e:
                Vector arm = _kinematics.Rotation(e.Of.Body) * _code.Constant(e.Of.Position);
                Store(start, e.Keep, Framed(e.Frame, _kinematics.Linear(e.Of.Body) + Vector.Cross(_kinematics.Angular(e.Of.Body), arm)));
                return;
            case AngularVelocityEntry e:
                Store(start, e.Keep, Framed(e.Frame, _kinematics.Angular(e.Body)));
                return;
            default:
                throw new ArgumentException($"observation entry '{entry.Name}' is a {entry.GetType().Name}, which kernels do not know");
        }
    }

    private Term OfJoint(JointEntry entry)
    {
        TreeJoint joint = _tree.Joints[entry.Joint];
        Term q = _kinematics.State(joint.DofAddress);
        return entry.Quantity switch
        {
            JointQuantity.Velocity => _kinematics.State(_tree.Nv + joint.DofAddress),
            JointQuantity.Sine => joint.Reference == 0 ? _kinematics.Turn(entry.Joint).Sine : q.Apply("sin"),
            JointQuantity.Cosine => joint.Reference == 0 ? _kinematics.Turn(entry.Joint).Cosine : q.Apply("cos"),
            _ => q,
        };
    }

    private Vector OfPlace(Place place) => place.IsConstant
        ? OfConstant(place.Offset, place.Count)
        : _kinematics.Position(place.Body) + _kinematics.Rotation(place.Body) * _code.Constant(place.Position);

    private Vector OfConstant(int offset, int count)
    {
        Term Component(int i) => i < count ? _code.Let(string.Create(CultureInfo.InvariantCulture, $"c[{offset + i}]")) : _code.Constant(0);
        return new Vector(Component(0), Component(1), Component(2));
    }

    private Vector Framed(int frame, Vector w) => frame == 0 ? w : _kinematics.Rotation(frame).Inverse(w);

    private void Store(int start, Components keep, Vector v)
    {
        for (int i = 0; i < 3; i++)
            if (((int)keep >> i & 1) != 0) Store(start++, v[i]);
    }

    private void Store(int index, Term value) =>
        _code.Line(string.Create(CultureInfo.InvariantCulture, $"x[{index} * ROWS] = {value.Text};"));
}
