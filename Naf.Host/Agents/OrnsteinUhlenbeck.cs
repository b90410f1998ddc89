using Naf.Host.Settings;
using Naf.Kernels.Random;

namespace Naf.Host.Agents;

/// <summary>
/// Ornstein-Uhlenbeck exploration noise: n ← n + θ(0 − n) + σN with N standard normal; scale · n is added to an action.
/// Its variance converges to σ² / (1 − (1 − θ)²). The noise of step t depends only on the seed, t and the episode's
/// start.
/// </summary>
/// <param name="settings">θ, σ and the scale.</param>
/// <param name="actions">Size of an action.</param>
internal sealed class OrnsteinUhlenbeck(ExplorationSettings settings, int actions)
{
    private readonly double[] _state = new double[actions];

    /// <summary>n, [actions]; saved in checkpoints.</summary>
    public Span<double> State => _state;

    /// <summary>Begins an episode: n ← 0.</summary>
    public void Reset() => _state.AsSpan().Clear();

    /// <summary>Takes one step of the process and adds scale · n to an action.</summary>
    /// <param name="step">The learner's steps so far, over all episodes.</param>
    /// <param name="action">[actions]; not clipped here.</param>
    public void AddTo(ulong seed, ulong step, Span<float> action)
    {
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] += settings.Theta * (0 - _state[i])
                + settings.Sigma * Philox.Normal(seed, RandomStream.Exploration, step, (uint)i);
            action[i] += (float)(settings.Scale * _state[i]);
        }
    }
}
