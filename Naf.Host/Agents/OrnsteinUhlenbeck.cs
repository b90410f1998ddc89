using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;

namespace Naf.Host.Agents;

/// <summary>
/// Ornstein-Uhlenbeck exploration noise: n ← n + θ(0 − n) + σN with N standard normal; scale · n is added to an action.
/// Its variance converges to σ² / (1 − (1 − θ)²). The noise of step t depends only on the seed, t, the episode
/// and its start, and, once <see cref="PrecisionNoise"/> shapes N, on L(x).
/// </summary>
/// <param name="settings">θ, σ, the scale in each episode, and when N is shaped.</param>
/// <param name="actions">Size of an action.</param>
internal sealed class OrnsteinUhlenbeck(ExplorationSettings settings, int actions)
{
    private readonly double[] _state = new double[actions], _innovation = new double[actions],
        _before = new double[actions];
    private readonly PrecisionNoise _precision = new(actions);

    /// <summary>n, [actions].</summary>
    public Span<double> State => _state;

    /// <summary>Begins an episode: n ← 0.</summary>
    public void Reset() => _state.AsSpan().Clear();

    /// <summary>Whether L(x) shapes the noise of a learner's step.</summary>
    public bool NeedsLower(long step) => settings.PrecisionAfter > 0 && step >= settings.PrecisionAfter;

    /// <summary>Takes one step of the process and adds scale · n to an action.</summary>
    /// <param name="step">The learner's steps so far, over all episodes.</param>
    /// <param name="episode">Its episode, from 1.</param>
    /// <param name="action">[actions]; not clipped here.</param>
    /// <param name="lower">L(x) where it <see cref="NeedsLower">shapes</see> the noise; else empty.</param>
    public void AddTo(ulong seed, ulong step, int episode, Span<float> action, ReadOnlySpan<float> lower = default)
    {
        State.CopyTo(_before);
        for (int i = 0; i < _innovation.Length; i++)
            _innovation[i] = Philox.Normal(seed, RandomStream.Exploration, step, (uint)i);
        if (!lower.IsEmpty) _precision.Shape(lower, _innovation);
        double scale = settings.ScaleIn(
            episode, Philox.Uniform(seed, RandomStream.NoiseShare, (ulong)episode));
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] += settings.Theta * (0 - _state[i]) + settings.Sigma * _innovation[i];
            action[i] += (float)(scale * _state[i]);
        }
    }

    /// <summary>Takes back the last step of the process, whose action was not executed.</summary>
    /// <param name="lower">As given to <see cref="AddTo"/>.</param>
    public void Undo(ReadOnlySpan<float> lower)
    {
        _before.CopyTo(State);
        if (!lower.IsEmpty) _precision.Undo();
    }

    public void Serialise(CheckpointScope scope)
    {
        scope.Fill("noise", State);
        if (settings.PrecisionAfter > 0) _precision.Serialise(scope.Scope("precision"));
    }
}
