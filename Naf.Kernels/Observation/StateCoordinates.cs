using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// The state of the dynamics model: s = [q (Nv); qvel (Nv)], where q are coordinates without redundancy. A hinge or
/// slide has q = qpos, unwrapped; a free joint has the position (3) and the rotation vector (3) of q_ref⁻¹ q, in
/// radians, as in MuJoCo's mj_differentiatePos; a ball joint has the rotation vector.
/// </summary>
/// <remarks>
/// A rotation vector has length at most π and jumps where the body has turned by π from q_ref: dynamics fitted across
/// that jump are meaningless.
/// </remarks>
internal sealed class StateCoordinates
{
    private readonly Quat<double>[] _references;

    /// <param name="tree">q_ref is its reference configuration.</param>
    public StateCoordinates(KinematicTree tree)
    {
        Tree = tree;
        ReadOnlySpan<double> drawn = tree.Qpos0.AsSpan();
        _references = new Quat<double>[tree.Joints.Length];
        for (int j = 0; j < _references.Length; j++)
            if (tree.Joints[j].HasQuaternion)
                _references[j] = Quat<double>.At(drawn, tree.Joints[j].QuaternionAddress).Normalized();
    }

    public KinematicTree Tree { get; }

    /// <summary>Entries of s: 2 Nv.</summary>
    public int Size => 2 * Tree.Nv;

    /// <summary>q_ref of free or ball joint <paramref name="joint"/>, a unit quaternion.</summary>
    public Quat<double> Reference(int joint) => _references[joint];

    /// <summary>s from (qpos, qvel).</summary>
    /// <param name="qpos">[Nq].</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="state">[Size], receives s.</param>
    /// <exception cref="ArgumentException">A span has the wrong size.</exception>
    public void ToState(ReadOnlySpan<double> qpos, ReadOnlySpan<double> qvel, Span<double> state)
    {
        Check(qpos.Length, qvel.Length, state.Length);
        qvel.CopyTo(state[Tree.Nv..]);
        for (int j = 0; j < Tree.Joints.Length; j++)
        {
            TreeJoint joint = Tree.Joints[j];
            (int q, int d) = (joint.QposAddress, joint.DofAddress);
            if (!joint.HasQuaternion)
            {
                state[d] = qpos[q];
                continue;
            }
            qpos.Slice(q, joint.Shifts).CopyTo(state[d..]);
            Quat<double> turned = Quat<double>.At(qpos, joint.QuaternionAddress).Normalized();
            Vec3<double> turn = Logarithm(Product(Inverse(_references[j]), turned));
            d = joint.RotationAddress;
            (state[d], state[d + 1], state[d + 2]) = (turn.X, turn.Y, turn.Z);
        }
    }

    /// <summary>(qpos, qvel) from s.</summary>
    /// <param name="state">[Size].</param>
    /// <param name="qpos">[Nq], receives the positions, quaternions of unit length.</param>
    /// <param name="qvel">[Nv], receives the velocities.</param>
    /// <exception cref="ArgumentException">A span has the wrong size.</exception>
    public void FromState<T>(ReadOnlySpan<T> state, Span<T> qpos, Span<T> qvel) where T : IFloatingPointIeee754<T>
    {
        Check(qpos.Length, qvel.Length, state.Length);
        state[Tree.Nv..].CopyTo(qvel);
        for (int j = 0; j < Tree.Joints.Length; j++)
        {
            TreeJoint joint = Tree.Joints[j];
            (int q, int d) = (joint.QposAddress, joint.DofAddress);
            if (!joint.HasQuaternion)
            {
                qpos[q] = state[d];
                continue;
            }
            state.Slice(d, joint.Shifts).CopyTo(qpos[q..]);
            (q, d) = (joint.QuaternionAddress, joint.RotationAddress);
            Quat<T> turned = Product(_references[j].To<T>(),
                Exponential(new Vec3<T>(state[d], state[d + 1], state[d + 2])));
            (qpos[q], qpos[q + 1], qpos[q + 2], qpos[q + 3]) = (turned.W, turned.X, turned.Y, turned.Z);
        }
    }

    // the rotation vector of a unit quaternion, of length at most π: q and −q are the same rotation
    private static Vec3<double> Logarithm(Quat<double> q)
    {
        double sign = q.W < 0 ? -1 : 1, sine = Math.Sqrt(q.X * q.X + q.Y * q.Y + q.Z * q.Z);
        double scale = sine > 0 ? 2 * Math.Atan2(sine, sign * q.W) / sine : 2;
        return sign * scale * new Vec3<double>(q.X, q.Y, q.Z);
    }

    // (cos |r|/2, sin |r|/2 r/|r|); by its series where the quotient would lose precision
    private static Quat<T> Exponential<T>(Vec3<T> r) where T : IFloatingPointIeee754<T>
    {
        T half = T.CreateChecked(0.5), square = Vec3<T>.Dot(r, r), angle = half * T.Sqrt(square);
        T scale = square < T.CreateChecked(1e-6) ? half - square / T.CreateChecked(48) : half * T.Sin(angle) / angle;
        return new Quat<T>(T.Cos(angle), scale * r.X, scale * r.Y, scale * r.Z);
    }

    internal static Quat<T> Product<T>(Quat<T> a, Quat<T> b) where T : IFloatingPointIeee754<T> => new(
        a.W * b.W - a.X * b.X - a.Y * b.Y - a.Z * b.Z,
        a.W * b.X + a.X * b.W + a.Y * b.Z - a.Z * b.Y,
        a.W * b.Y - a.X * b.Z + a.Y * b.W + a.Z * b.X,
        a.W * b.Z + a.X * b.Y - a.Y * b.X + a.Z * b.W);

    private static Quat<double> Inverse(Quat<double> unit) => new(unit.W, -unit.X, -unit.Y, -unit.Z);

    private void Check(int qpos, int qvel, int state)
    {
        CheckSize(nameof(qpos), qpos, Tree.Nq);
        CheckSize(nameof(qvel), qvel, Tree.Nv);
        CheckSize(nameof(state), state, Size);
    }

    private static void CheckSize(string name, int length, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"{name} has {length} numbers, and the model needs {expected}", name);
    }
}
