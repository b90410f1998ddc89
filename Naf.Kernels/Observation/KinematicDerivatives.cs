using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// Derivatives of points and velocities by the tangent coordinates of a tree in motion. Coordinate d, 0 ≤ d &lt; Nv, is
/// a small displacement along qvel[d]: for a hinge or slide qpos itself; for a free joint a translation in the world
/// (3) and a rotation about the body's own axes (3); for a ball joint the latter.
/// </summary>
/// <remarks>
/// Notation: a_d the axis in the world, p_d the anchor; "e moves d" when coordinate e moves the axis or the anchor of
/// d.
/// </remarks>
internal sealed class KinematicDerivatives<T> where T : IFloatingPointIeee754<T>
{
    private readonly ForwardKinematics<T> _kinematics;
    private readonly Freedom[] _freedoms;
    private readonly int[][] _chains;

    public KinematicDerivatives(KinematicTree tree, ForwardKinematics<T> kinematics)
    {
        _kinematics = kinematics;
        _freedoms = [.. tree.Joints.SelectMany((joint, j) => Enumerable.Range(0, joint.Freedoms)
            .Select(k => new Freedom(j, joint.Body, k < joint.Shifts, joint.HasQuaternion)))];
        _chains = new int[tree.Bodies.Length][];
        _chains[0] = [];
        for (int b = 1; b < _chains.Length; b++)
        {
            IEnumerable<int> own = Enumerable.Range(0, tree.Nv).Where(d => _freedoms[d].Body == b);
            _chains[b] = [.. _chains[tree.Bodies[b].Parent], .. own];
        }
    }

    /// <summary>The coordinates that move a body, from the root outward.</summary>
    public ReadOnlySpan<int> Chain(int body) => _chains[body];

    /// <summary>Whether coordinate d is a rotation.</summary>
    public bool Turns(int dof) => !_freedoms[dof].Shifts;

    /// <summary>∂P/∂d, and ∂Ṗ/∂q̇_d, of a point P (world) of a body that d moves: a_d × (P − p_d), or a_d.</summary>
    public Vec3<T> OfPoint(int dof, Vec3<T> point) =>
        Turns(dof) ? Vec3<T>.Cross(_kinematics.Axis(dof), point - _kinematics.Anchor(dof)) : _kinematics.Axis(dof);

    /// <summary>∂ω_B/∂e = Σ_d (a_e × a_d) q̇_d over the rotations d of B's chain that e moves.</summary>
    public Vec3<T> OfAngularVelocity(int e, int body, ReadOnlySpan<T> qvel)
    {
        Vec3<T> sum = default;
        if (!Turns(e)) return sum;
        foreach (int d in _chains[body])
            if (Turns(d) && Moves(e, d)) sum += qvel[d] * Vec3<T>.Cross(_kinematics.Axis(e), _kinematics.Axis(d));
        return sum;
    }

    /// <summary>
    /// ∂Ṗ/∂e of a point P (world) of body B, whose chain has e: Ṗ = Σ_d J_d q̇_d with J_d = a_d × (P − p_d), or a_d.
    /// </summary>
    public Vec3<T> OfPointVelocity(int e, int body, Vec3<T> point, ReadOnlySpan<T> qvel)
    {
        Vec3<T> sum = default, ae = _kinematics.Axis(e), shift = OfPoint(e, point);
        foreach (int d in _chains[body])
        {
            Vec3<T> ad = _kinematics.Axis(d);
            if (Moves(e, d))
            {
                // a rotation e rotates all of J_d: ∂J_d = a_e × J_d; a translation moves anchor and point alike
                if (Turns(e)) sum += qvel[d] * Vec3<T>.Cross(ae, OfPoint(d, point));
            }
            else if (Turns(d))
                sum += qvel[d] * Vec3<T>.Cross(ad, shift);
        }
        return sum;
    }

    /// <summary>
    /// Whether e moves the axis or anchor of d: e precedes d, or d is a rotation of e's free or ball joint.
    /// </summary>
    private bool Moves(int e, int d)
    {
        (Freedom by, Freedom of) = (_freedoms[e], _freedoms[d]);
        return by.Joint < of.Joint || (by.Joint == of.Joint && of.OfQuaternion && !of.Shifts);
    }

    /// <summary>A degree of freedom: whether it is a translation, and whether its joint has a quaternion.</summary>
    private readonly record struct Freedom(int Joint, int Body, bool Shifts, bool OfQuaternion);
}
