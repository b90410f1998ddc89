using Naf.Host.Common;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Update;

namespace Naf.Host.Agents;

/// <summary>
/// Tells when a learner's Q leaves the values that the rewards seen so far allow, or its TD errors exceed half
/// of their range: it then learns from its own errors, and a good policy can be lost. While every reward was 0, the
/// range counts as 100. With γ = 1 rewards allow any value, and nothing is told.
/// </summary>
internal sealed class DivergenceWatch
{
    // shares of the range: how far mean Q may be outside it, and how large the TD error may be
    private const double Margin = 0.1, LargestError = 0.5;
    // stands in for a range of 0 while every reward was 0, in scaled rewards; naf tasks --check warns of larger values
    private const double RangeWithoutRewards = 100;
    // episodes in a row, none nearer than the first, until it is told
    private const int Patience = 3;
    private double _distance;
    private int _episodes;

    /// <summary>Whether the last report was of a learner that diverges.</summary>
    public bool Diverges => _episodes >= Patience;

    /// <summary>First episode after which the learner was seen to diverge; null if none.</summary>
    public int? Since { get; private set; }

    /// <summary>Takes the report of an episode.</summary>
    /// <returns>A sentence the first time that the learner diverges; otherwise null.</returns>
    public string? Add(int episode, in LearnerReport report)
    {
        (double low, double high) = report.ValueRange;
        double range = high > low ? high - low : RangeWithoutRewards, error = Math.Sqrt(report.Loss);
        // how far mean Q and the TD error are beyond what they may be, in ranges
        double outside = Math.Max(report.MeanQ - high, low - report.MeanQ) / range - Margin;
        double distance = Math.Max(outside, error / range - LargestError);
        bool beyond = double.IsFinite(distance) && distance > 0;
        // a Q that comes back from the untrained networks' values begins anew in each episode
        (_episodes, _distance) = !beyond ? (0, 0)
            : _episodes > 0 && distance >= _distance ? (_episodes + 1, _distance) : (1, distance);
        if (!Diverges || Since is not null) return null;
        Since = episode;
        return $"Q diverges: its mean is {Texts.Score(report.MeanQ)} and the TD error {Texts.Score(error)} (root mean "
            + $"square), where the rewards seen so far allow {Texts.Score(low)} to {Texts.Score(high)}; "
            + "lower learning_rate or tau, and keep bound_values=true";
    }

    public void Serialise(CheckpointScope scope)
    {
        (_episodes, _distance) = (scope.Value("episodes", _episodes), scope.Value("distance", _distance));
        Since = scope.Value("since", Since ?? -1) is >= 0 and var since ? since : null;
    }
}
