using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// Forward kinematics of the requested bodies, in MuJoCo's conventions: frames from qpos, velocities from qvel. Has its
/// own workspace: it allocates nothing after construction, and is not thread-safe.
/// </summary>
/// <remarks>
/// Degree of freedom d moves its subtree by a unit axis a_d in the world: a slide along the axis, a hinge about it
/// through the anchor p_d. A free joint has six, in the coordinates of its qvel: three slides along the world's axes,
/// three hinges about the body's own axes through its origin. A ball joint has three hinges about the body's own axes
/// through its anchor.
/// </remarks>
internal sealed class ForwardKinematics<T> where T : IFloatingPointIeee754<T>
{
    private readonly int[] _bodies, _angles;
    private readonly BodyConstants<T>[] _body;
    private readonly JointConstants<T>[] _joint;
    private readonly Mat3<T>[] _rotation;
    private readonly Vec3<T>[] _position, _angular, _linear, _axis, _anchor;
    private readonly T[] _sine, _cosine;

    /// <param name="tree">The tree.</param>
    /// <param name="wanted">Bodies whose frames are needed.</param>
    /// <param name="angles">Hinges whose sine and cosine are needed, even if their bodies are not.</param>
    public ForwardKinematics(KinematicTree tree, IEnumerable<int> wanted, IEnumerable<int> angles)
    {
        int bodies = tree.Bodies.Length, joints = tree.Joints.Length;
        _body = [.. tree.Bodies.Select(b => new BodyConstants<T>(b))];
        _joint = [.. tree.Joints.Select(j => new JointConstants<T>(j))];

        // a body needs its parents; a hinge of a needed body needs its angle
        _bodies = tree.WithParents(wanted);
        IEnumerable<int> hinges = Enumerable.Range(0, joints).Where(j => tree.Joints[j].Type == TreeJointType.Hinge);
        _angles = [.. hinges.Where(j => _bodies.Contains(tree.Joints[j].Body)).Union(angles)];

        (_sine, _cosine) = (new T[joints], new T[joints]);
        (_rotation, _position, _angular, _linear) =
            (new Mat3<T>[bodies], new Vec3<T>[bodies], new Vec3<T>[bodies], new Vec3<T>[bodies]);
        (_axis, _anchor) = (new Vec3<T>[tree.Nv], new Vec3<T>[tree.Nv]);
        _rotation[0] = Mat3<T>.Identity;
    }

    /// <summary>R_b: the body's axes in the world, after <see cref="ComputePositions"/>.</summary>
    public Mat3<T> Rotation(int body) => _rotation[body];

    /// <summary>A point of a body in the world, after <see cref="ComputePositions"/>.</summary>
    public Vec3<T> Point(int body, Vec3<T> local) => _position[body] + _rotation[body] * local;

    /// <summary>ω_b in the world, after <see cref="ComputeVelocities"/>.</summary>
    public Vec3<T> AngularVelocity(int body) => _angular[body];

    /// <summary>The velocity in the world of a point of a body, after <see cref="ComputeVelocities"/>.</summary>
    public Vec3<T> PointVelocity(int body, Vec3<T> local) =>
        _linear[body] + Vec3<T>.Cross(_angular[body], _rotation[body] * local);

    /// <summary>a_d: the axis of a degree of freedom in the world, after <see cref="ComputePositions"/>.</summary>
    public Vec3<T> Axis(int dof) => _axis[dof];

    /// <summary>p_d: the anchor of a degree of freedom in the world, after <see cref="ComputePositions"/>.</summary>
    public Vec3<T> Anchor(int dof) => _anchor[dof];

    /// <summary>sin(qpos − reference) of a requested hinge, after <see cref="ComputePositions"/>.</summary>
    public T Sine(int joint) => _sine[joint];

    /// <summary>cos(qpos − reference) of a requested hinge, after <see cref="ComputePositions"/>.</summary>
    public T Cosine(int joint) => _cosine[joint];

    /// <summary>Frames of the bodies, axes and anchors from qpos [Nq].</summary>
    public void ComputePositions(ReadOnlySpan<T> qpos)
    {
        foreach (int j in _angles)
            (_sine[j], _cosine[j]) = T.SinCos(qpos[_joint[j].Qpos] - _joint[j].Reference);
        foreach (int b in _bodies)
        {
            ref readonly BodyConstants<T> body = ref _body[b];
            Mat3<T> r = _rotation[body.Parent];
            Vec3<T> p = _position[body.Parent] + r * body.Position;
            if (body.Turned != 0) r *= body.Rotation;
            for (int j = body.First; j < body.End; j++) Apply(j, qpos, ref r, ref p);
            (_rotation[b], _position[b]) = (r, p);
        }
    }

    /// <summary>Velocities from qvel [Nv]: ω = Σ a_d q̇_d, v = Σ a_d × (p − p_d) q̇_d + Σ a_d q̇_d.</summary>
    public void ComputeVelocities(ReadOnlySpan<T> qvel)
    {
        foreach (int b in _bodies)
        {
            ref readonly BodyConstants<T> body = ref _body[b];
            Vec3<T> p = _position[b], w = _angular[body.Parent];
            Vec3<T> v = _linear[body.Parent] + Vec3<T>.Cross(w, p - _position[body.Parent]);
            for (int j = body.First; j < body.End; j++)
            {
                int first = _joint[j].Dof;
                for (int d = first; d < first + _joint[j].Freedoms; d++)
                    if (d - first < _joint[j].Shifts)
                        v += qvel[d] * _axis[d];
                    else
                    {
                        Vec3<T> turn = qvel[d] * _axis[d];
                        w += turn;
                        v += Vec3<T>.Cross(turn, p - _anchor[d]);
                    }
            }
            (_angular[b], _linear[b]) = (w, v);
        }
    }

    /// <summary>Moves its body's frame (r, p) by a joint, whose axis and anchor earlier joints have moved.</summary>
    private void Apply(int j, ReadOnlySpan<T> qpos, ref Mat3<T> r, ref Vec3<T> p)
    {
        ref readonly JointConstants<T> joint = ref _joint[j];
        int dof = joint.Dof, q = joint.Qpos;
        if (joint.Type == TreeJointType.Free)
        {
            p = new(qpos[q], qpos[q + 1], qpos[q + 2]);
            r = Mat3<T>.From(Quat<T>.At(qpos, q + 3).Normalized());
            for (int k = 0; k < 3; k++)
            {
                (_axis[dof + k], _anchor[dof + k]) = (Vec3<T>.Unit(k), p);
                (_axis[dof + 3 + k], _anchor[dof + 3 + k]) = (r[k], p);
            }
            return;
        }
        Vec3<T> anchor = joint.Anchored != 0 ? p + r * joint.Anchor : p;
        if (joint.Type == TreeJointType.Ball)
        {
            r *= Mat3<T>.From(Quat<T>.At(qpos, q).Normalized());
            p = anchor - r * joint.Anchor;
            for (int k = 0; k < 3; k++) (_axis[dof + k], _anchor[dof + k]) = (r[k], anchor);
            return;
        }
        Vec3<T> axis = joint.Along < 0 ? r * joint.Axis : joint.Sign * r[joint.Along];
        (_axis[dof], _anchor[dof]) = (axis, anchor);
        if (joint.Type == TreeJointType.Slide)
        {
            p += (qpos[q] - joint.Reference) * axis;
            return;
        }
        r = joint.Along < 0
            ? r * Mat3<T>.About(joint.Axis, _sine[j], _cosine[j])
            : r.TurnedAbout(joint.Along, joint.Sign * _sine[j], _cosine[j]);
        if (joint.Anchored != 0) p = anchor - r * joint.Anchor;
    }
}
