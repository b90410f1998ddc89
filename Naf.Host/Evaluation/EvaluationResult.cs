namespace Naf.Host.Evaluation;

/// <summary>What a number of episodes of one policy came to.</summary>
/// <param name="Mean">Mean score: the undiscounted sum of an episode's rewards.</param>
/// <param name="StandardDeviation">Standard deviation of the scores over the episodes (divided by n − 1; 0 for one episode).</param>
/// <param name="Episodes">How many episodes.</param>
/// <param name="SuccessRate">Share of them that ended in success, as the task measures it; null where it has no section `success`.</param>
public readonly record struct EvaluationResult(double Mean, double StandardDeviation, int Episodes, double? SuccessRate);
