using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Host.Planning;

/// <summary>
/// C(s, u) = −r(h(s, c), u) of a task in the coordinates s of its fitted dynamics, with ∂C/∂s = −Jᵀ ∂r/∂x and the
/// Gauss-Newton Hessian JᵀHJ, J = ∂h/∂s. Actions are not clipped; the termination reward is left out.
/// </summary>
/// <remarks>Owns a workspace: nothing is allocated after the constructor; use one instance per thread.</remarks>
internal sealed class StateCost : TangentCost
{
    private readonly StateCoordinates _coordinates;
    private readonly double[] _qpos, _qvel;

    /// <param name="coordinates">Coordinates of s.</param>
    /// <param name="observation">h, over the same tree.</param>
    /// <param name="reward">r over the observation and the action.</param>
    /// <exception cref="ArgumentException">The form may be indefinite.</exception>
    public StateCost(
        StateCoordinates coordinates, ObservationDefinition observation, RewardDefinition reward, HessianForm form)
        : base(observation, reward, form)
    {
        _coordinates = coordinates;
        (_qpos, _qvel) = (new double[coordinates.Tree.Nq], new double[coordinates.Tree.Nv]);
    }

    /// <summary>C(s, u), its gradient and its Hessian by s and u.</summary>
    /// <param name="s">[Size].</param>
    public double Expand(ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
    {
        _coordinates.FromState(s, _qpos, _qvel);
        double value = Expand(_qpos, _qvel, u, gradient, hessian);
        foreach (TreeJoint joint in _coordinates.Tree.Joints)
            if (joint.HasQuaternion) ToRotationVector(s, joint.RotationAddress, gradient, hessian);
        return value;
    }

    /// <summary>
    /// Converts derivatives by rotations about the body's axes to derivatives by the rotation vector r = s[at .. at +
    /// 3): exp(r + dr) = exp(r) exp(B dr), so that the gradient g of these three entries becomes Bᵀg, and their rows
    /// and columns of the Hessian become BᵀH and HB; B = 1 − (1 − cos θ)/θ² [r]ₓ + (θ − sin θ)/θ³ [r]ₓ², θ = |r|.
    /// </summary>
    private void ToRotationVector(ReadOnlySpan<double> s, int at, Span<double> gradient, Span<double> hessian)
    {
        int n = Size + Action;
        Mat3<double> b = BodyRate(new Vec3<double>(s[at], s[at + 1], s[at + 2]));
        Turn(b, ref gradient[at], ref gradient[at + 1], ref gradient[at + 2]);
        for (int j = 0; j < n; j++)
            Turn(b, ref hessian[at * n + j], ref hessian[(at + 1) * n + j], ref hessian[(at + 2) * n + j]);
        for (int i = 0; i < n; i++)
            Turn(b, ref hessian[i * n + at], ref hessian[i * n + at + 1], ref hessian[i * n + at + 2]);
    }

    // by columns; by the series where the quotients would lose precision
    private static Mat3<double> BodyRate(Vec3<double> r)
    {
        double square = Vec3<double>.Dot(r, r), angle = Math.Sqrt(square);
        bool small = square < 1e-4;
        double first = small ? 0.5 - square / 24 : (1 - Math.Cos(angle)) / square;
        double second = small ? 1.0 / 6 - square / 120 : (angle - Math.Sin(angle)) / (square * angle);
        return new Mat3<double>(Column(0), Column(1), Column(2));

        Vec3<double> Column(int axis)
        {
            Vec3<double> e = Vec3<double>.Unit(axis), once = Vec3<double>.Cross(r, e);
            return e - first * once + second * Vec3<double>.Cross(r, once);
        }
    }

    private static void Turn(in Mat3<double> b, ref double x, ref double y, ref double z)
    {
        Vec3<double> turned = b.Inverse(new Vec3<double>(x, y, z));
        (x, y, z) = (turned.X, turned.Y, turned.Z);
    }
}
