using System.Globalization;
using Term = Naf.Kernels.StraightLine.Term;
using Vector = Naf.Kernels.StraightLine.Vector;
using Matrix = Naf.Kernels.StraightLine.Matrix;

namespace Naf.Kernels;

/// <summary>
/// Forward kinematics as lines of kernel source, written out once for each body that is asked for, after those that carry it. The same formulas
/// as <see cref="ForwardKinematics{T}"/>.
/// </summary>
internal sealed class KinematicSource
{
    private readonly StraightLine _code;
    private readonly StateCoordinates _coordinates;
    private readonly KinematicTree _tree;
    private readonly Matrix?[] _rotation;
    private readonly Vector?[] _position, _angular, _linear;
    private readonly Vector[] _axis, _anchor;
    private readonly (Term Sine, Term Cosine)?[] _turns;

    /// <param name="code">Where the lines go.</param>
    public KinematicSource(StraightLine code, StateCoordinates coordinates)
    {
        (_code, _coordinates, _tree) = (code, coordinates, coordinates.Tree);
        int bodies = _tree.Bodies.Length;
        (_rotation, _position) = (new Matrix?[bodies], new Vector?[bodies]);
        (_angular, _linear) = (new Vector?[bodies], new Vector?[bodies]);
        (_axis, _anchor) = (new Vector[_tree.Nv], new Vector[_tree.Nv]);
        _turns = new (Term, Term)?[_tree.Joints.Length];
        Vector zero = _code.Constant(default(Vec3<double>));
        (_rotation[0], _position[0], _angular[0], _linear[0]) = (_code.Constant(Mat3<double>.Identity), zero, zero, zero);
    }

    /// <summary>Entry of s.</summary>
    public Term State(int index) => _code.Let(string.Create(CultureInfo.InvariantCulture, $"s[{index} * ROWS]"));

    /// <summary>Sine and cosine of the angle by which a hinge has turned.</summary>
    public (Term Sine, Term Cosine) Turn(int joint)
    {
        if (_turns[joint] is { } known) return known;
        Term angle = State(_tree.Joints[joint].DofAddress) - _code.Constant(_tree.Joints[joint].Reference);
        (Term, Term) turn = (angle.Apply("sin"), angle.Apply("cos"));
        _turns[joint] = turn;
        return turn;
    }

    /// <summary>Orientation of a body.</summary>
    public Matrix Rotation(int body)
    {
        PlaceBody(body);
        return _rotation[body]!.Value;
    }

    /// <summary>Origin of a body.</summary>
    public Vector Position(int body)
    {
        PlaceBody(body);
        return _position[body]!.Value;
    }

    /// <summary>ω of a body.</summary>
    public Vector Angular(int body)
    {
        Move(body);
        return _angular[body]!.Value;
    }

    /// <summary>Velocity of a body's origin.</summary>
    public Vector Linear(int body)
    {
        Move(body);
        return _linear[body]!.Value;
    }

    // the frame of a body, after those of the bodies that carry it
    private void PlaceBody(int b)
    {
        if (_rotation[b] is not null) return;
        TreeBody body = _tree.Bodies[b];
        Matrix r = Rotation(body.Parent);
        Vector p = Position(body.Parent) + r * _code.Constant(body.Position);
        if (body.Rotation != Quat<double>.Identity) r *= _code.Constant(Mat3<double>.From(body.Rotation.Normalized()));
        for (int k = 0; k < body.JointCount; k++) Apply(body.FirstJoint + k, ref r, ref p);
        (_rotation[b], _position[b]) = (r, p);
    }

    private void Apply(int j, ref Matrix r, ref Vector p)
    {
        TreeJoint joint = _tree.Joints[j];
        int dof = joint.DofAddress;
        if (joint.Type == TreeJointType.Free)
        {
            p = new Vector(State(dof), State(dof + 1), State(dof + 2));
            r = Free(j);
            for (int k = 0; k < 3; k++)
            {
                (_axis[dof + k], _anchor[dof + k]) = (_code.Constant(Vec3<double>.Unit(k)), p);
                (_axis[dof + 3 + k], _anchor[dof + 3 + k]) = (r[k], p);
            }
            return;
        }
        Vector axis = _code.Constant(joint.Axis), offset = _code.Constant(joint.Anchor), anchor = p + r * offset;
        (_axis[dof], _anchor[dof]) = (r * axis, anchor);
        if (joint.Type == TreeJointType.Slide)
        {
            p += (State(dof) - _code.Constant(joint.Reference)) * _axis[dof];
            return;
        }
        // Rodrigues: c I + s [a]× + (1 − c) a aᵀ
        (Term sine, Term cosine) = Turn(j);
        Term rest = _code.Constant(1) - cosine;
        r *= new Matrix(
            new(cosine + rest * (axis.X * axis.X), rest * (axis.X * axis.Y) + sine * axis.Z, rest * (axis.X * axis.Z) - sine * axis.Y),
            new(rest * (axis.X * axis.Y) - sine * axis.Z, cosine + rest * (axis.Y * axis.Y), rest * (axis.Y * axis.Z) + sine * axis.X),
            new(rest * (axis.X * axis.Z) + sine * axis.Y, rest * (axis.Y * axis.Z) - sine * axis.X, cosine + rest * (axis.Z * axis.Z)));
        if (joint.Anchor != default) p = anchor - r * offset;
    }

    // the rotation of q_ref exp(r / 2), r the rotation vector
    private Matrix Free(int joint)
    {
        int d = _tree.Joints[joint].DofAddress + 3;
        var v = new Vector(State(d), State(d + 1), State(d + 2));
        Term square = Vector.Dot(v, v), half = _code.Constant(0.5), angle = half * square.Apply("sqrt");
        Term scale = _code.Let(
            $"{square.Text} < 1e-6f ? 0.5f - {square.Text} * {StraightLine.Literal(1.0 / 48)} : 0.5f * sin({angle.Text}) / {angle.Text}");
        (Term bw, Vector b) = (angle.Apply("cos"), scale * v);
        Quat<double> q = _coordinates.Reference(joint);
        Term aw = _code.Constant(q.W);
        Vector a = _code.Constant(new Vec3<double>(q.X, q.Y, q.Z));
        Term w = aw * bw - Vector.Dot(a, b);
        Vector u = aw * b + bw * a + Vector.Cross(a, b);
        (Term x, Term y, Term z, Term two) = (u.X, u.Y, u.Z, _code.Constant(2));
        (Term xx, Term yy, Term zz, Term ww) = (x * x, y * y, z * z, w * w);
        return new Matrix(
            new(ww + xx - yy - zz, two * (x * y + w * z), two * (x * z - w * y)),
            new(two * (x * y - w * z), ww - xx + yy - zz, two * (y * z + w * x)),
            new(two * (x * z + w * y), two * (y * z - w * x), ww - xx - yy + zz));
    }

    // ω and the velocity of the origin of a body: ω = Σ a_d q̇_d, v = Σ a_d × (p − p_d) q̇_d + Σ a_d q̇_d
    private void Move(int b)
    {
        if (_angular[b] is not null) return;
        TreeBody body = _tree.Bodies[b];
        Move(body.Parent);
        Vector p = Position(b), w = _angular[body.Parent]!.Value;
        Vector v = _linear[body.Parent]!.Value + Vector.Cross(w, p - Position(body.Parent));
        for (int k = 0; k < body.JointCount; k++)
        {
            TreeJoint joint = _tree.Joints[body.FirstJoint + k];
            bool free = joint.Type == TreeJointType.Free;
            for (int f = 0; f < (free ? 6 : 1); f++)
            {
                int d = joint.DofAddress + f;
                Vector turn = State(_tree.Nv + d) * _axis[d];
                if (joint.Type == TreeJointType.Slide || (free && f < 3))
                    v += turn;
                else
                {
                    w += turn;
                    // a free joint's turns are about the origin itself
                    if (!free) v += Vector.Cross(turn, p - _anchor[d]);
                }
            }
        }
        (_angular[b], _linear[b]) = (w, v);
    }
}
