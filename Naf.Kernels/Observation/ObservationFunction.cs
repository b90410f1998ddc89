using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// x = h(qpos, qvel, c): the observation of a state, and its Jacobian. Exact, by forward kinematics over the bodies that the entries use.
/// Carries a workspace: nothing is allocated after the constructor, and each thread needs one of its own.
/// </summary>
/// <typeparam name="T">double in the simulator and the planner, float inside rollouts.</typeparam>
public sealed class ObservationFunction<T> where T : IFloatingPointIeee754<T>
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
            _moves |= step.Kind is StepKind.LinearVelocity or StepKind.AngularVelocity;
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
    private void AddVectorRows(in ObservationStep<T> step, ReadOnlySpan<T> qvel, ReadOnlySpan<T> constants, Span<T> byPosition, Span<T> byVelocity)
    {
        int nv = qvel.Length;
        Vec3<T> whole = Vector(step, constants);
        foreach (int d in _derivatives.Chain(step.Frame))
            if (_derivatives.Turns(d)) step.Add(Framed(step, Vec3<T>.Cross(whole, _kinematics.Axis(d))), byPosition, d, nv);

        if (step.Of is { } of)
        {
            Vec3<T> point = _kinematics.Point(of.Body, of.Position);
            foreach (int d in _derivatives.Chain(of.Body))
                if (step.Kind == StepKind.Place)
                    step.Add(Framed(step, _derivatives.OfPoint(d, point)), byPosition, d, nv);
                else
                {
                    step.Add(Framed(step, _derivatives.OfPointVelocity(d, of.Body, point, qvel)), byPosition, d, nv);
                    step.Add(Framed(step, _derivatives.OfPoint(d, point)), byVelocity, d, nv);
                }
        }
        if (step.Minus is { } minus)
        {
            Vec3<T> point = _kinematics.Point(minus.Body, minus.Position);
            foreach (int d in _derivatives.Chain(minus.Body)) step.Add(Framed(step, -T.One * _derivatives.OfPoint(d, point)), byPosition, d, nv);
        }
        if (step.Kind is StepKind.Axis or StepKind.AngularVelocity)
            foreach (int d in _derivatives.Chain(step.Body))
            {
                if (!_derivatives.Turns(d)) continue;
                Vec3<T> axis = _kinematics.Axis(d);
                if (step.Kind == StepKind.Axis)
                    step.Add(Framed(step, Vec3<T>.Cross(axis, whole)), byPosition, d, nv);
                else
                {
                    step.Add(Framed(step, _derivatives.OfAngularVelocity(d, step.Body, qvel)), byPosition, d, nv);
                    step.Add(Framed(step, axis), byVelocity, d, nv);
                }
            }
    }

    /// <summary>The vector of an entry, in the world.</summary>
    private Vec3<T> Vector(in ObservationStep<T> step, ReadOnlySpan<T> constants) => step.Kind switch
    {
        StepKind.Place => PlaceOf(step.Of, step.OfConstant, constants) - PlaceOf(step.Minus, step.MinusConstant, constants),
        StepKind.Axis => _kinematics.Rotation(step.Body)[step.AxisIndex],
        StepKind.LinearVelocity => _kinematics.PointVelocity(step.Of!.Value.Body, step.Of.Value.Position),
        _ => _kinematics.AngularVelocity(step.Body),
    };

    private Vec3<T> PlaceOf(ObservationStep<T>.BodyPoint? point, ObservationStep<T>.Slice constant, ReadOnlySpan<T> constants) =>
        point is { } p ? _kinematics.Point(p.Body, p.Position) : constant.Read(constants);

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
