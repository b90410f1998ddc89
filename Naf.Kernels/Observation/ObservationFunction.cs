using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// x = h(qpos, qvel, c): the observation of a state, and its Jacobian. Exact, by forward kinematics over the bodies
/// that the entries use. Has a workspace: it allocates nothing after construction, and each thread needs its own
/// instance. Entries that are read from the simulation keep their values in x, and have no derivatives.
/// </summary>
/// <typeparam name="T">double in the simulator and the planner, float inside rollouts.</typeparam>
internal sealed class ObservationFunction<T> where T : IFloatingPointIeee754<T>
{
    private readonly PreparedEntry<T>[] _entries;
    private readonly ForwardKinematics<T> _kinematics;
    private readonly KinematicDerivatives<T> _derivatives;
    private readonly bool _hasVelocities;

    public ObservationFunction(ObservationDefinition definition)
    {
        Definition = definition;
        _entries = definition.Prepare<T>();
        _hasVelocities = _entries.Any(entry => entry.IsVelocity);
        KinematicTree tree = definition.Tree;
        _kinematics = new ForwardKinematics<T>(tree, _entries.SelectMany(entry => entry.Bodies),
            _entries.Where(entry => entry.Kind is EntryKind.Sine or EntryKind.Cosine).Select(entry => entry.Joint));
        _derivatives = new KinematicDerivatives<T>(tree, _kinematics);
    }

    public ObservationDefinition Definition { get; }

    /// <summary>Computes x = h(qpos, qvel, c).</summary>
    /// <param name="qpos">[Nq], in MuJoCo's order and units.</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="constants">[ConstantSize], the constants of the episode.</param>
    /// <param name="x">[Size], receives the observation.</param>
    /// <exception cref="ArgumentException">A span has the wrong size.</exception>
    public void Evaluate(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> x)
    {
        Check(qpos, qvel, constants);
        CheckSize(nameof(x), x.Length, Definition.Size);
        _kinematics.ComputePositions(qpos);
        if (_hasVelocities) _kinematics.ComputeVelocities(qvel);
        foreach (ref readonly PreparedEntry<T> entry in _entries.AsSpan())
        {
            int at = entry.Start;
            switch (entry.Kind)
            {
                case EntryKind.Position: x[at] = qpos[entry.Qpos]; break;
                case EntryKind.Velocity: x[at] = qvel[entry.Dof]; break;
                case EntryKind.Sine: x[at] = Sine(entry, qpos); break;
                case EntryKind.Cosine: x[at] = Cosine(entry, qpos); break;
                case EntryKind.Quaternion:
                    Quaternion(entry, qpos).Deconstruct(out x[at], out x[at + 1], out x[at + 2], out x[at + 3]);
                    break;
                case EntryKind.Rotation: qvel.Slice(entry.Dof, 3).CopyTo(x[at..]); break;
                default: entry.Write(Framed(entry, Vector(entry, constants)), x[at..]); break;
            }
        }
    }

    /// <summary>Computes the derivatives of x by the tangent coordinates of qpos, and by qvel.</summary>
    /// <param name="qpos">[Nq].</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="constants">[ConstantSize].</param>
    /// <param name="byPosition">
    /// [Size, Nv] row-major, receives ∂x/∂q. Column d is a displacement along qvel[d]: for hinges and slides qpos
    /// itself; for a free joint a translation in the world and then q ← q · exp(δ/2) about the body's own axes, for a
    /// ball joint the latter (MuJoCo's mj_integratePos).
    /// </param>
    /// <param name="byVelocity">[Size, Nv] row-major, receives ∂x/∂qvel.</param>
    /// <exception cref="ArgumentException">A span has the wrong size.</exception>
    public void Jacobian(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> byPosition,
        Span<T> byVelocity)
    {
        Check(qpos, qvel, constants);
        int nv = Definition.Tree.Nv;
        CheckSize(nameof(byPosition), byPosition.Length, Definition.Size * nv);
        CheckSize(nameof(byVelocity), byVelocity.Length, Definition.Size * nv);
        byPosition.Clear();
        byVelocity.Clear();
        _kinematics.ComputePositions(qpos);
        if (_hasVelocities) _kinematics.ComputeVelocities(qvel);
        foreach (ref readonly PreparedEntry<T> entry in _entries.AsSpan())
        {
            int row = entry.Start * nv;
            switch (entry.Kind)
            {
                case EntryKind.Position: byPosition[row + entry.Dof] = T.One; break;
                case EntryKind.Velocity: byVelocity[row + entry.Dof] = T.One; break;
                case EntryKind.Sine: byPosition[row + entry.Dof] = Cosine(entry, qpos); break;
                case EntryKind.Cosine: byPosition[row + entry.Dof] = -Sine(entry, qpos); break;
                case EntryKind.Quaternion:
                    AddQuaternionRows(Quaternion(entry, qpos), byPosition[(row + entry.Dof)..]);
                    break;
                case EntryKind.Rotation:
                    for (int k = 0; k < 3; k++) byVelocity[row + k * nv + entry.Dof + k] = T.One;
                    break;
                default: AddVectorRows(entry, qvel, constants, byPosition[row..], byVelocity[row..]); break;
            }
        }
    }

    /// <summary>∂q/∂δ_k = ½ q e_k: the change of a quaternion by a rotation about the body's axis k.</summary>
    private void AddQuaternionRows(Quat<T> q, Span<T> rows)
    {
        int nv = Definition.Tree.Nv;
        for (int k = 0; k < 3; k++)
        {
            Vec3<T> half = T.CreateChecked(0.5) * Vec3<T>.Unit(k);
            StateCoordinates.Product(q, new Quat<T>(T.Zero, half.X, half.Y, half.Z))
                .Deconstruct(out rows[k], out rows[nv + k], out rows[2 * nv + k], out rows[3 * nv + k]);
        }
    }

    private static Quat<T> Quaternion(in PreparedEntry<T> entry, ReadOnlySpan<T> qpos) =>
        Quat<T>.At(qpos, entry.Qpos).Normalized().WithPositiveW();

    /// <summary>y = R_Fᵀ w: ∂y/∂d = R_Fᵀ (∂w/∂d − a_d × w), the second term where d rotates the frame F.</summary>
    private void AddVectorRows(
        in PreparedEntry<T> entry, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> byPosition,
        Span<T> byVelocity)
    {
        int nv = qvel.Length, body = entry.Of.Body;
        Vec3<T> whole = Vector(entry, constants), point = _kinematics.Point(body, entry.Of.Position);
        foreach (int d in _derivatives.Chain(entry.Frame))
        {
            if (!_derivatives.Turns(d)) continue;
            entry.Add(Framed(entry, Vec3<T>.Cross(whole, _kinematics.Axis(d))), byPosition, d, nv);
        }
        foreach (int d in _derivatives.Chain(body))
        {
            Vec3<T> turn = _derivatives.Turns(d) ? _kinematics.Axis(d) : default;
            Vec3<T> change = entry.Kind switch
            {
                EntryKind.Place => _derivatives.OfPoint(d, point),
                EntryKind.Axis => Vec3<T>.Cross(turn, whole),
                EntryKind.LinearVelocity => _derivatives.OfPointVelocity(d, body, point, qvel),
                _ => _derivatives.OfAngularVelocity(d, body, qvel),
            };
            entry.Add(Framed(entry, change), byPosition, d, nv);
            if (!entry.IsVelocity) continue;
            Vec3<T> rate = entry.Kind == EntryKind.LinearVelocity ? _derivatives.OfPoint(d, point) : turn;
            entry.Add(Framed(entry, rate), byVelocity, d, nv);
        }
        Vec3<T> other = _kinematics.Point(entry.Minus.Body, entry.Minus.Position);
        foreach (int d in _derivatives.Chain(entry.Minus.Body))
            entry.Add(Framed(entry, -T.One * _derivatives.OfPoint(d, other)), byPosition, d, nv);
    }

    /// <summary>The vector of an entry, in world coordinates.</summary>
    private Vec3<T> Vector(in PreparedEntry<T> entry, ReadOnlySpan<T> constants) => entry.Kind switch
    {
        EntryKind.Place => PlaceOf(entry.Of, constants) - PlaceOf(entry.Minus, constants),
        EntryKind.Axis => _kinematics.Rotation(entry.Of.Body)[entry.Axis],
        EntryKind.LinearVelocity => _kinematics.PointVelocity(entry.Of.Body, entry.Of.Position),
        _ => _kinematics.AngularVelocity(entry.Of.Body),
    };

    private Vec3<T> PlaceOf(in PreparedEntry<T>.Point point, ReadOnlySpan<T> constants) =>
        point.Count > 0 ? point.Read(constants) : _kinematics.Point(point.Body, point.Position);

    /// <summary>R_Fᵀ w.</summary>
    private Vec3<T> Framed(in PreparedEntry<T> entry, Vec3<T> w) =>
        entry.Frame == 0 ? w : _kinematics.Rotation(entry.Frame).Inverse(w);

    private T Sine(in PreparedEntry<T> entry, ReadOnlySpan<T> qpos) =>
        entry.Reference == T.Zero ? _kinematics.Sine(entry.Joint) : T.Sin(qpos[entry.Qpos]);

    private T Cosine(in PreparedEntry<T> entry, ReadOnlySpan<T> qpos) =>
        entry.Reference == T.Zero ? _kinematics.Cosine(entry.Joint) : T.Cos(qpos[entry.Qpos]);

    private void Check(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants)
    {
        CheckSize(nameof(qpos), qpos.Length, Definition.Tree.Nq);
        CheckSize(nameof(qvel), qvel.Length, Definition.Tree.Nv);
        CheckSize(nameof(constants), constants.Length, Definition.ConstantSize);
    }

    private static void CheckSize(string name, int length, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"{name} has {length} numbers, and the observation needs {expected}", name);
    }
}
