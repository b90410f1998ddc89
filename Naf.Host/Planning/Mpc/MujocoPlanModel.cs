using Naf.Kernels.LinearAlgebra;
using Naf.Kernels.Reward;
using Naf.Sim;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// A task under MuJoCo's true dynamics: x is the simulator's saved state, f its control step with all substeps, δ = [q
/// (Nv); qvel (Nv); act (Na)], C = −r plus the <see cref="BoundPenalty"/> near the bounds that end an episode.
/// </summary>
/// <param name="boundWeight">Cost of a step on a bound that ends an episode.</param>
internal sealed class MujocoPlanModel(ControlTask task, double boundWeight) : IPlanModel
{
    private readonly MujocoData _data = new(task.Model) { Quiet = true };
    private readonly TangentCost _cost = new(
        task.Definition.Observation, task.Reward, HessianForm.PositiveSemidefinite, task.Model.Na,
        new BoundPenalty(task.Reward.Bounds, boundWeight));

    // MujocoData.SaveState: time, qpos, qvel, act, the solver's warm start, ctrl
    private readonly Range _qpos = 1..(1 + task.Model.Nq);
    private readonly Range _qvel = (1 + task.Model.Nq)..(1 + task.Model.Nq + task.Model.Nv);
    private readonly double[] _displacement = new double[task.Model.Nv];

    public int StateSize => _data.StateSize;

    public int Tangent => _cost.Size;

    public int Action => _cost.Action;

    /// <summary>Sets the constants of an episode, such as the target.</summary>
    /// <param name="constants">[ConstantSize of the observation].</param>
    public void Begin(ReadOnlySpan<double> constants)
    {
        constants.CopyTo(_cost.Constants);
        task.Definition.Reset.PlaceMocaps(_data, _cost.Constants);
    }

    public bool Step(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> next)
    {
        try
        {
            _data.RestoreState(state);
            task.ToControls(u, _data.Ctrl);
            _data.Step(task.Definition.Substeps);
        }
        catch (SimulationException)
        {
            return false;
        }
        catch (MujocoException)
        {
            _data.Reset();
            task.Definition.Reset.PlaceMocaps(_data, _cost.Constants);
            return false;
        }
        _data.SaveState(next);
        return Matrix.IsFinite(next[_qpos]) && Matrix.IsFinite(next[_qvel]);
    }

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
        task.Model.Displace(moved[_qpos], _displacement);
    }

    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        int nv = _displacement.Length, start = _qvel.Start.Value;
        task.Model.Difference(from[_qpos], to[_qpos], displacement[..nv]);
        for (int i = nv; i < displacement.Length; i++) displacement[i] = to[start + i - nv] - from[start + i - nv];
    }

    public double Cost(ReadOnlySpan<double> state, ReadOnlySpan<double> u) =>
        _cost.Value(state[_qpos], state[_qvel], u);

    public double Expand(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> gradient,
        Span<double> hessian) =>
        _cost.Expand(state[_qpos], state[_qvel], u, gradient, hessian);

    public void Dispose() => _data.Dispose();
}
