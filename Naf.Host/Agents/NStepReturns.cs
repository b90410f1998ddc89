using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Replay;
using Naf.Kernels.Scalar;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>
/// Stores an episode's steps in the replay R as transitions of n steps:
/// (x_t, u_t, Σ γᵏ r_t+k for k &lt; m, x_t+m) with the factor b of γ V′(x_t+m). m is n, or fewer for the last steps of
/// an episode; b is γᵐ⁻¹, or 0 if the episode terminated. A time limit and an abort are no terminal states.
/// </summary>
/// <param name="n">Steps of a transition, at least 1.</param>
/// <param name="gamma">γ.</param>
internal sealed class NStepReturns(LearnerPopulation population, int learner, int n, double gamma)
{
    private readonly int _state = population.Shape.State, _action = population.Shape.Action;
    // [n, state], [n, action] and [n], a ring of the steps that are not stored yet, from row _first on
    private readonly float[] _x = new float[n * population.Shape.State], _u = new float[n * population.Shape.Action];
    private readonly double[] _rewards = new double[n];
    private int _first, _count;

    /// <summary>Takes a step of the episode and stores the transitions that it completes.</summary>
    /// <param name="next">x′.</param>
    /// <param name="rest">The discounted return after a terminal step, if it is not 0.</param>
    /// <exception cref="NonFiniteTransitionException">
    /// An entry, or the sum of a transition's rewards, is not finite in float32; that transition was not stored.
    /// </exception>
    public void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> u, in StepResult result, ReadOnlySpan<float> next,
        double rest = 0)
    {
        // a step that is stored later is checked now
        if (n > 1)
        {
            float reward = (float)result.Reward;
            ReplayBuffer.RequireFinite(x, _state, "x");
            ReplayBuffer.RequireFinite(u, _action, "u");
            ReplayBuffer.RequireFinite(new ReadOnlySpan<float>(in reward), 1, "reward");
            ReplayBuffer.RequireFinite(next, _state, "next x");
        }

        int at = (_first + _count++) % n;
        x.CopyTo(_x.AsSpan(at * _state));
        u.CopyTo(_u.AsSpan(at * _action));
        _rewards[at] = result.Reward;
        try
        {
            while (_count == n || (result.Done && _count > 0)) Store(next, result.Terminated, rest);
        }
        catch (NonFiniteTransitionException)
        {
            StoreAll(next, result.Terminated, rest);
            throw;
        }
    }

    /// <summary>Stores the last steps of an aborted episode, bootstrapped from its last observation.</summary>
    public void Abort(ReadOnlySpan<float> x) => StoreAll(x, terminated: false);

    /// <exception cref="InvalidDataException">The checkpoint has another n.</exception>
    public void Serialise(CheckpointScope scope)
    {
        if (n == 1) return;
        (_first, _count) = (scope.Value("first", _first), scope.Value("count", _count));
        if (_first < 0 || _first >= n || _count < 0 || _count >= n)
            throw new InvalidDataException(
                $"the checkpoint has {_count} steps from {_first} on of {n}, which is not possible");
        scope.Fill<float>("x", _x);
        scope.Fill<float>("u", _u);
        scope.Fill<double>("rewards", _rewards);
    }

    // stores all waiting steps except those whose sum of rewards overflows; the learner stops
    private void StoreAll(ReadOnlySpan<float> next, bool terminated, double rest = 0)
    {
        while (_count > 0)
            try
            {
                Store(next, terminated, rest);
            }
            catch (NonFiniteTransitionException)
            {
                // Store has removed it already
            }
    }

    // the oldest step, with the rewards up to the newest; it no longer waits then
    private void Store(ReadOnlySpan<float> next, bool terminated, double rest)
    {
        int first = _first;
        double sum = _rewards[(first + _count - 1) % n] + gamma * rest, discount = 1;
        for (int k = _count - 2; k >= 0; k--)
            (sum, discount) = (_rewards[(first + k) % n] + gamma * sum, gamma * discount);
        (_first, _count) = ((first + 1) % n, _count - 1);
        population.Store(
            learner, _x.AsSpan(first * _state, _state), _u.AsSpan(first * _action, _action), (float)sum, next,
            bootstrap: terminated ? 0 : (float)discount, first: (float)_rewards[first]);
    }
}
