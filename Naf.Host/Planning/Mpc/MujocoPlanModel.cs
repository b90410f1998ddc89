using Naf.Kernels.Reward;
using Naf.Sim;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// A task under MuJoCo's true dynamics: x is the simulator's saved state, f its control step with all substeps, δ = [q (Nv); qvel (Nv);
/// act (Na)], C = −r and what <see cref="BoundPenalty"/> adds near the bounds that end an episode.
/// </summary>
internal sealed class MujocoPlanModel : IPlanModel
{
    private readonly ControlTask _task;
    private readonly MujocoData _data;
    private readonly TangentCost _cost;
    private readonly Range _qpos, _qvel;
    private readonly double[] _displacement;

    /// <param name="task">The task.</param>
    /// <param name="form">Which semidefinite Hessian of the reward.</param>
    /// <param name="boundWeight">Cost of a step on a bound that ends an episode.</param>
    public MujocoPlanModel(ControlTask task, HessianForm form, double boundWeight)
    {
        _task = task;
        MujocoModel model = task.Model;
        _data = new MujocoData(model);
        _cost = new TangentCost(
            task.Definition.Observation, task.Reward, form, model.Na, new BoundPenalty(task.Reward.Bounds, boundWeight));
        _displacement = new double[model.Nv];

        // MujocoData.SaveState: time, qpos, qvel, act, what the solver starts from, ctrl
        (_qpos, _qvel) = (1..(1 + model.Nq), (1 + model.Nq)..(1 + model.Nq + model.Nv));
    }

    /// <inheritdoc/>
    public int StateSize => _data.StateSize;

    /// <inheritdoc/>
    public int Tangent => _cost.Size;

    /// <inheritdoc/>
    public int Action => _cost.Action;

    /// <summary>Takes the constants of an episode, such as the target.</summary>
    /// <param name="constants">[ConstantSize of the observation].</param>
    public void Begin(ReadOnlySpan<double> constants) => constants.CopyTo(_cost.Constants);

    /// <inheritdoc/>
    public bool Step(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> next)
    {
        try
        {
            _data.RestoreState(state);
            _task.ToControls(u, _data.Ctrl);
            _data.Step(_task.Definition.Substeps);
        }
        catch (SimulationException)
        {
            return false;
        }
        catch (MujocoException)
        {
            _data.Reset();
            return false;
        }
        _data.SaveState(next);
        return PlanningMatrix.IsFinite(next[_qpos]) && PlanningMatrix.IsFinite(next[_qvel]);
    }

    /// <inheritdoc/>
    public void Displace(ReadOnlySpan<double> state, int coordinate, double by, Span<double> moved)
    {
        state.CopyTo(moved);
        int nv = _displacement.Length;
        if (coordinate >= nv)
        {
            moved[_qvel.Start.Value + coordinate - nv] += by;
            return;
        }
        Array.Clear(_displacement);
        _displacement[coordinate] = by;
        _task.Model.Displace(moved[_qpos], _displacement);
    }

    /// <inheritdoc/>
    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        int nv = _displacement.Length, start = _qvel.Start.Value;
        _task.Model.Difference(from[_qpos], to[_qpos], displacement[..nv]);
        for (int i = nv; i < displacement.Length; i++) displacement[i] = to[start + i - nv] - from[start + i - nv];
    }

    /// <inheritdoc/>
    public double Cost(ReadOnlySpan<double> state, ReadOnlySpan<double> u) => _cost.Value(state[_qpos], state[_qvel], u);

    /// <inheritdoc/>
    public double Expand(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian) =>
        _cost.Expand(state[_qpos], state[_qvel], u, gradient, hessian);

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}
