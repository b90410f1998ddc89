using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// x = h(qpos, qvel, c): the observation of a state, and its Jacobian. Exact, by forward kinematics over the bodies that the entries use.
/// Carries a workspace: nothing is allocated after the constructor, and each thread needs one of its own.
/// </summary>
/// <typeparam name="T">double in the simulator and the planner, float inside rollouts.</typeparam>
internal sealed class ObservationFunction<T> where T : IFloatingPointIeee754<T>
{
    private readonly ObservationStep<T>[] _steps;
    private readonly ForwardKinematics<T> _kinematics;
    private readonly KinematicDerivatives<T> _derivatives;
    private readonly bool _moves;

    /// <summary>Prepares the evaluation of a definition.</summary>
    public ObservationFunction(ObservationDefinition definition)
    {
        Definition = definition;
        _steps = [.. definition.Entries.Select((entry, i) => new ObservationStep<T>(definition, entry, definition.Starts[i]))];
        KinematicTree tree = definition.Tree;
        bool[] bodies = new bool[tree.Bodies.Length], angles = new bool[tree.Joints.Length];
        foreach (ref readonly ObservationStep<T> step in _steps.AsSpan())
        {
            step.MarkBodies(bodies);
            if (step.Kind is StepKind.Sine or StepKind.Cosine) angles[step.Joint] = true;
            _moves |= step.Moves;
        }
        _kinematics = new ForwardKinematics<T>(tree, bodies, angles);
        _derivatives = new KinematicDerivatives<T>(tree, _kinematics);
    }

    /// <summary>What is evaluated.</summary>
    public ObservationDefinition Definition { get; }

    /// <summary>Computes x = h(qpos, qvel, c).</summary>
    /// <param name="qpos">[Nq], in MuJoCo's order and units.</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="constants">[ConstantSize], the constants of the episode.</param>
    /// <param name="x">[Size], receives the observation.</param>
    /// <exception cref="ArgumentException">A span has another size.</exception>
    public void Evaluate(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> x)
    {
        Check(qpos, qvel, constants);
        CheckSize(nameof(x), x.Length, Definition.Size);
        _kinematics.Place(qpos);
        if (_moves) _kinematics.Move(qvel);
        foreach (ref readonly ObservationStep<T> step in _steps.AsSpan())
        {
            int at = step.Start;
            switch (step.Kind)
            {
                case StepKind.Position: x[at] = qpos[step.Qpos]; break;
                case StepKind.Velocity: x[at] = qvel[step.Dof]; break;
                case StepKind.Sine: x[at] = Sine(step, qpos); break;
                case StepKind.Cosine: x[at] = Cosine(step, qpos); break;
                default: step.Write(Framed(step, Vector(step, constants)), x[at..]); break;
            }
        }
    }

    /// <summary>Computes the derivatives of x by the tangent coordinates of qpos, and by qvel.</summary>
    /// <param name="qpos">[Nq].</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="constants">[ConstantSize].</param>
    /// <param name="byPosition">
    /// [Size, Nv] row-major, receives ∂x/∂q. Column d is a displacement along qvel[d]: for hinges and slides qpos itself; for a free joint
    /// a shift in the world and then q ← q · exp(δ/2) about the body's own axes (MuJoCo's mj_integratePos).
    /// </param>
    /// <param name="byVelocity">[Size, Nv] row-major, receives ∂x/∂qvel.</param>
    /// <exception cref="ArgumentException">A span has another size.</exception>
    public void Jacobian(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> byPosition, Span<T> byVelocity)
    {
        Check(qpos, qvel, constants);
        int nv = Definition.Tree.Nv;
        CheckSize(nameof(byPosition), byPosition.Length, Definition.Size * nv);
        CheckSize(nameof(byVelocity), byVelocity.Length, Definition.Size * nv);
        byPosition.Clear();
        byVelocity.Clear();
        _kinematics.Place(qpos);
        if (_moves) _kinematics.Move(qvel);
        foreach (ref readonly ObservationStep<T> step in _steps.AsSpan())
        {
            int row = step.Start * nv;
            switch (step.Kind)
            {
                case StepKind.Position: byPosition[row + step.Dof] = T.One; break;
                case StepKind.Velocity: byVelocity[row + step.Dof] = T.One; break;
                case StepKind.Sine: byPosition[row + step.Dof] = Cosine(step, qpos); break;
                case StepKind.Cosine: byPosition[row + step.Dof] = -Sine(step, qpos); break;
                default: AddVectorRows(step, qvel, constants, byPosition[row..], byVelocity[row..]); break;
            }
        }
    }

    /// <summary>y = R_Fᵀ w: ∂y/∂d = R_Fᵀ (∂w/∂d − a_d × w), the second part where d turns the frame F.</summary>
    private void AddVectorRows(
        in ObservationStep<T> step, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> byPosition,
        Span<T> byVelocity)
    {
        int nv = qvel.Length, body = step.Of.Body;
        Vec3<T> whole = Vector(step, constants), point = _kinematics.Point(body, step.Of.Position);
        foreach (int d in _derivatives.Chain(step.Frame))
            if (_derivatives.Turns(d)) step.Add(Framed(step, Vec3<T>.Cross(whole, _kinematics.Axis(d))), byPosition, d, nv);
        foreach (int d in _derivatives.Chain(body))
        {
            Vec3<T> turn = _derivatives.Turns(d) ? _kinematics.Axis(d) : default;
            Vec3<T> change = step.Kind switch
            {
                StepKind.Place => _derivatives.OfPoint(d, point),
                StepKind.Axis => Vec3<T>.Cross(turn, whole),
                StepKind.LinearVelocity => _derivatives.OfPointVelocity(d, body, point, qvel),
                _ => _derivatives.OfAngularVelocity(d, body, qvel),
            };
            step.Add(Framed(step, change), byPosition, d, nv);
            if (!step.Moves) continue;
            Vec3<T> rate = step.Kind == StepKind.LinearVelocity ? _derivatives.OfPoint(d, point) : turn;
            step.Add(Framed(step, rate), byVelocity, d, nv);
        }
        Vec3<T> other = _kinematics.Point(step.Minus.Body, step.Minus.Position);
        foreach (int d in _derivatives.Chain(step.Minus.Body))
            step.Add(Framed(step, -T.One * _derivatives.OfPoint(d, other)), byPosition, d, nv);
    }

    /// <summary>The vector of an entry, in the world.</summary>
    private Vec3<T> Vector(in ObservationStep<T> step, ReadOnlySpan<T> constants) => step.Kind switch
    {
        StepKind.Place => PlaceOf(step.Of, constants) - PlaceOf(step.Minus, constants),
        StepKind.Axis => _kinematics.Rotation(step.Of.Body)[step.AxisIndex],
        StepKind.LinearVelocity => _kinematics.PointVelocity(step.Of.Body, step.Of.Position),
        _ => _kinematics.AngularVelocity(step.Of.Body),
    };

    private Vec3<T> PlaceOf(in ObservationStep<T>.Point point, ReadOnlySpan<T> constants) =>
        point.Count > 0 ? point.Read(constants) : _kinematics.Point(point.Body, point.Position);

    /// <summary>R_Fᵀ w.</summary>
    private Vec3<T> Framed(in ObservationStep<T> step, Vec3<T> w) => step.Frame == 0 ? w : _kinematics.Rotation(step.Frame).Inverse(w);

    private T Sine(in ObservationStep<T> step, ReadOnlySpan<T> qpos) => step.SharesAngle ? _kinematics.Sine(step.Joint) : T.Sin(qpos[step.Qpos]);

    private T Cosine(in ObservationStep<T> step, ReadOnlySpan<T> qpos) => step.SharesAngle ? _kinematics.Cosine(step.Joint) : T.Cos(qpos[step.Qpos]);

    private void Check(ReadOnlySpan<T> qpos, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants)
    {
        CheckSize(nameof(qpos), qpos.Length, Definition.Tree.Nq);
        CheckSize(nameof(qvel), qvel.Length, Definition.Tree.Nv);
        CheckSize(nameof(constants), constants.Length, Definition.ConstantSize);
    }

    private static void CheckSize(string name, int length, int expected)
    {
        if (length != expected) throw new ArgumentException($"{name} has {length} numbers, and the observation needs {expected}", name);
    }
}
