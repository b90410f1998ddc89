using System.Runtime.InteropServices;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Imagination;

/// <summary>
/// One real episode for the dynamics: states, actions, rewards and, optionally, the simulator states.
/// </summary>
/// <param name="state">Size S of a state.</param>
/// <param name="saved">Size of a saved simulator state; 0: none is saved.</param>
internal sealed class EpisodeRecord(int state, int action, int saved)
{
    private readonly List<double> _states = [], _actions = [], _saved = [], _rewards = [];

    public int Length => _rewards.Count;

    /// <summary>The constants of the episode, such as the target.</summary>
    public double[] Constants { get; private set; } = [];

    /// <summary>Whether a planner chose the actions.</summary>
    public bool Planned { get; private set; }

    /// <summary>Undiscounted sum of the rewards.</summary>
    public double Score => _rewards.Sum();

    /// <summary>s_t, [S], t from 0 to <see cref="Length"/>.</summary>
    public ReadOnlySpan<double> State(int t) => CollectionsMarshal.AsSpan(_states).Slice(t * state, state);

    /// <summary>u_t, [A], t from 0 to <see cref="Length"/> − 1.</summary>
    public ReadOnlySpan<double> Action(int t) => CollectionsMarshal.AsSpan(_actions).Slice(t * action, action);

    /// <summary>The simulator's saved state before step t.</summary>
    public ReadOnlySpan<double> Saved(int t) => CollectionsMarshal.AsSpan(_saved).Slice(t * saved, saved);

    public void Begin(ReadOnlySpan<double> s, ReadOnlySpan<double> constants, bool planned)
    {
        _states.AddRange(s);
        (Constants, Planned) = (constants.ToArray(), planned);
    }

    /// <summary>Appends step t: u_t, r_t and s_{t+1}.</summary>
    public void Add(ReadOnlySpan<double> u, double reward, ReadOnlySpan<double> next)
    {
        _actions.AddRange(u);
        _rewards.Add(reward);
        _states.AddRange(next);
    }

    /// <summary>Saves the simulator's state before the next step.</summary>
    public void Keep(ReadOnlySpan<double> simulator) => _saved.AddRange(simulator);

    /// <summary>The samples [s; u; s′] of all steps.</summary>
    /// <returns>[Length, 2S + A].</returns>
    public double[] Samples()
    {
        var samples = new double[Length * (2 * state + action)];
        Span<double> at = samples;
        for (int t = 0; t < Length; t++, at = at[(2 * state + action)..])
        {
            State(t).CopyTo(at);
            Action(t).CopyTo(at[state..]);
            State(t + 1).CopyTo(at[(state + action)..]);
        }
        return samples;
    }

    /// <exception cref="InvalidDataException">The numbers are not an episode of this task.</exception>
    public void Serialise(CheckpointScope scope)
    {
        Planned = scope.Value("planned", Planned);
        Constants = scope.Values("constants", Constants);
        scope.Fill("states", _states);
        scope.Fill("actions", _actions);
        scope.Fill("rewards", _rewards);
        scope.Fill("simulator_states", _saved);
        if (_states.Count != (Length + 1) * state || _actions.Count != Length * action
            || _saved.Count > (Length + 1) * saved)
            throw new InvalidDataException(
                $"an episode of {Length} steps has {_states.Count} numbers of states and {_actions.Count} of actions");
    }
}
