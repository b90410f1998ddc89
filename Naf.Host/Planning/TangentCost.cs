using Naf.Kernels.LinearAlgebra;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;

namespace Naf.Host.Planning;

/// <summary>
/// C = −r(h(qpos, qvel, c), u) of a task, expanded in the tangent space of the simulator's state: a displacement has 2
/// Nv entries, of qpos along qvel's coordinates and then of qvel, where a free joint is rotated about its body's axes
/// (MuJoCo's mj_integratePos).
/// </summary>
/// <remarks>
/// Gauss-Newton: the curvature of h is left out. The gradient is Jᵀg and the Hessian JᵀHJ with H the reward's
/// semidefinite Hessian, so that JᵀHJ is semidefinite too. Owns a workspace: nothing is allocated after the
/// constructor; use one instance per thread.
/// </remarks>
internal class TangentCost
{
    private readonly RewardFunction<double> _reward;
    private readonly ObservationFunction<double> _h;
    private readonly HessianForm _form;
    private readonly BoundPenalty? _penalty;
    private readonly int _observations, _nv;
    private readonly double[] _x, _byPosition, _byVelocity, _jacobian, _slope, _curvature, _product;

    /// <param name="reward">r over the observation and the action.</param>
    /// <param name="form">Which semidefinite Hessian of the reward.</param>
    /// <param name="activations">
    /// Entries of a displacement after those of qpos and qvel; the cost does not depend on them.
    /// </param>
    /// <param name="penalty">Added to the cost, if given.</param>
    /// <exception cref="ArgumentException">The form may be indefinite.</exception>
    public TangentCost(
        ObservationDefinition observation, RewardDefinition reward, HessianForm form, int activations = 0,
        BoundPenalty? penalty = null)
    {
        if (form == HessianForm.Exact)
            throw new ArgumentException("the exact Hessian may be indefinite; take PositiveSemidefinite or Majorised",
                nameof(form));
        (_reward, _h, _form) = (new RewardFunction<double>(reward), new ObservationFunction<double>(observation), form);
        (_observations, _nv, Action) = (observation.Size, observation.Tree.Nv, reward.ActionSize);
        (_penalty, Size) = (penalty, 2 * _nv + activations);
        int z = _observations + Action;
        _x = new double[_observations];
        (_byPosition, _byVelocity) = (new double[_observations * _nv], new double[_observations * _nv]);
        (_jacobian, _slope, _curvature) = (new double[_observations * Size], new double[z], new double[z * z]);
        _product = new double[Size + Action];
        Constants = new double[observation.ConstantSize];
    }

    /// <summary>Size of a displacement of the state: 2 Nv plus the activations.</summary>
    public int Size { get; }

    /// <summary>Size A of the action.</summary>
    public int Action { get; }

    /// <summary>[ConstantSize], c: the constants of the episode, such as the target; set by the caller.</summary>
    public double[] Constants { get; }

    /// <summary>C(s, u), without the termination reward.</summary>
    public double Value(ReadOnlySpan<double> qpos, ReadOnlySpan<double> qvel, ReadOnlySpan<double> u)
    {
        _h.Evaluate(qpos, qvel, Constants, _x);
        return (_penalty?.Value(_x) ?? 0) - _reward.Value(_x, u);
    }

    /// <summary>C(s, u), its gradient and its Hessian by the displacement of the state and the action.</summary>
    /// <param name="qpos">[Nq].</param>
    /// <param name="qvel">[Nv].</param>
    /// <param name="u">[Action].</param>
    /// <param name="gradient">[Size + Action], receives the gradient.</param>
    /// <param name="hessian">[Size + Action, Size + Action] row-major, receives the Hessian.</param>
    public double Expand(
        ReadOnlySpan<double> qpos, ReadOnlySpan<double> qvel, ReadOnlySpan<double> u, Span<double> gradient,
        Span<double> hessian)
    {
        double value = Value(qpos, qvel, u);
        _reward.Gradient(_x, u, _slope);
        for (int i = 0; i < _slope.Length; i++) _slope[i] = -_slope[i];
        _reward.CostHessian(_x, u, _form, _curvature);
        _penalty?.Add(_x, _slope, _curvature, _slope.Length);

        // J = ∂x/∂s = [∂x/∂q, ∂x/∂q̇]
        _h.Jacobian(qpos, qvel, Constants, _byPosition, _byVelocity);
        for (int i = 0; i < _observations; i++)
        {
            _byPosition.AsSpan(i * _nv, _nv).CopyTo(_jacobian.AsSpan(i * Size));
            _byVelocity.AsSpan(i * _nv, _nv).CopyTo(_jacobian.AsSpan(i * Size + _nv));
        }
        Project(gradient, hessian);
        return value;
    }

    /// <summary>Jᵀ ∂C/∂x and JᵀHJ; zero rows of H and zero entries of J are skipped.</summary>
    private void Project(Span<double> gradient, Span<double> hessian)
    {
        int z = _observations + Action, n = Size + Action;
        gradient.Clear();
        hessian.Clear();
        for (int i = 0; i < z; i++)
        {
            if (_slope[i] != 0) AddRow(i, _slope[i], gradient);

            // row i of HJ, then its contribution to JᵀHJ
            ReadOnlySpan<double> row = _curvature.AsSpan(i * z, z);
            if (row.IndexOfAnyExcept(0.0) < 0) continue;
            Span<double> product = _product;
            product.Clear();
            for (int k = 0; k < z; k++)
                if (row[k] != 0) AddRow(k, row[k], product);
            if (i >= _observations)
                Matrix.Add(1, product, hessian.Slice((Size + i - _observations) * n, n));
            else
                for (int d = 0; d < Size; d++)
                    if (_jacobian[i * Size + d] is not 0 and double j) Matrix.Add(j, product, hessian.Slice(d * n, n));
        }

        // the two halves differ by rounding
        Matrix.Symmetrise(hessian, n);
    }

    // a times row k of the derivatives of z = [x; u]: of J, or of the identity
    private void AddRow(int k, double a, Span<double> sum)
    {
        if (k >= _observations)
            sum[Size + k - _observations] += a;
        else
            Matrix.Add(a, _jacobian.AsSpan(k * Size, Size), sum);
    }
}
