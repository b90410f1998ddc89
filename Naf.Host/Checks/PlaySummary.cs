namespace Naf.Host.Checks;

/// <summary>A number of the observation under random actions.</summary>
/// <param name="Index">Its index in x.</param>
/// <param name="Name">Its name.</param>
/// <param name="Entry">The kind of the entry that it belongs to, as the task file calls it.</param>
/// <param name="Minimum">The least seen.</param>
/// <param name="Maximum">The largest seen.</param>
/// <param name="Mean">The mean of those seen.</param>
/// <param name="Deviation">Their standard deviation.</param>
/// <param name="InputScale">The factor at the networks' input.</param>
/// <param name="ScaledDeviation">The deviation there.</param>
public sealed record ObservedNumber(
    int Index, string Name, string Entry, double Minimum, double Maximum, double Mean, double Deviation, double InputScale, double ScaledDeviation);

/// <summary>A term of the reward over random episodes.</summary>
/// <param name="Kind">Its kind, as the task file calls it.</param>
/// <param name="Of">The numbers that it looks at.</param>
/// <param name="Weight">w.</param>
/// <param name="Mean">Its mean sum over an episode.</param>
/// <param name="Share">Of the terms' magnitudes, its own.</param>
public sealed record RewardPart(string Kind, string Of, double Weight, double Mean, double Share);

/// <summary>The size of rewards, before and inside the learner.</summary>
/// <param name="PerStep">Mean of |r| over the steps of random episodes.</param>
/// <param name="RewardScale">The task's setting reward_scale, or its default.</param>
/// <param name="Suggested">A reward_scale that suits, where that one does not; else null.</param>
public sealed record RewardSize(double PerStep, double RewardScale, double? Suggested);

/// <summary>How random episodes ended by the task's bounds.</summary>
/// <param name="Rate">Share of the episodes that did.</param>
/// <param name="MeanStep">The step after which they did, on average; null when none did.</param>
/// <param name="Reward">What is added to that step's reward.</param>
/// <param name="Bounds">The bounds.</param>
public sealed record EarlyEnds(double Rate, double? MeanStep, double Reward, IReadOnlyList<BoundSummary> Bounds);

/// <summary>A bound that ends episodes.</summary>
/// <param name="Name">The number of the observation.</param>
/// <param name="Low">Least value that goes on; −∞ for none.</param>
/// <param name="High">Largest value that goes on; +∞ for none.</param>
/// <param name="Rate">Share of the random episodes that it ended.</param>
public sealed record BoundSummary(string Name, double Low, double High, double Rate);

/// <summary>A measure over random episodes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Minimum">The least; NaN when no episode had one.</param>
/// <param name="Mean">The mean over those that had one.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Rate">Share of the episodes that had one.</param>
public sealed record MeasureSummary(string Name, double Minimum, double Mean, double Maximum, double Rate);
