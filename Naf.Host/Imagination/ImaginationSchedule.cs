using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Imagination;

/// <summary>
/// Decides when a learner imagines. Imagination ends for good after a set number of episodes (paper, section 6.3), or
/// adaptively (the paper's future work) if for <see cref="ImaginationSettings.Patience"/> fits in a row no batch of n
/// real episodes had a mean score above the best one before. It pauses while the error of the newest dynamics over l
/// steps is above <see cref="ImaginationSettings.ErrorLimit"/>, since such predictions are no better than the data's
/// mean.
/// </summary>
internal sealed class ImaginationSchedule(ImaginationSettings settings)
{
    private double _best = double.NegativeInfinity;
    private int _waited;

    /// <summary>Why imagination ended for good; empty while it has not.</summary>
    public string Ended { get; private set; } = "";

    /// <summary>Whether imagination pauses, since the newest dynamics were inaccurate on the newest episode.</summary>
    public bool Resting { get; private set; }

    public bool On => Ended.Length == 0 && !Resting;

    /// <summary>Evaluates a batch of real episodes at a fit.</summary>
    /// <param name="episode">Completed training episodes.</param>
    /// <param name="error">Error of the previous dynamics on the newest episode; null if there were none.</param>
    /// <param name="score">Mean score of the policy's episodes in the batch; null if all were planned.</param>
    /// <returns>A message if imagination ends early, pauses or resumes; null if nothing changes.</returns>
    public string? Evaluate(int episode, ModelError? error, double? score)
    {
        if (Ended.Length > 0) return null;
        if (settings.OffAfter > 0 && episode >= settings.OffAfter)
        {
            Ended = $"{episode} episodes";
            return null;
        }
        bool rested = Resting;
        Resting = settings.ErrorLimit > 0 && error is { } e && !(e.MultiStep <= settings.ErrorLimit);
        if (score is { } mean && mean > _best)
            (_best, _waited) = (mean, 0);
        else if (score is not null && ++_waited >= settings.Patience && settings.Patience > 0)
        {
            Ended = $"no better score in {settings.Patience} fits";
            return $"ends: {Ended}";
        }
        if (Resting == rested) return null;
        return Resting
            ? FormattableString.Invariant(
                $"rests: the dynamics are {error!.Value.MultiStep:0.00} standard deviations off after their steps")
            : "goes on: the dynamics are good enough again";
    }

    public void Serialise(CheckpointScope scope)
    {
        _best = scope.Value("best", _best);
        _waited = scope.Value("waited", _waited);
        Ended = scope.Text("ended", Ended);
        Resting = scope.Value("resting", Resting);
    }
}
