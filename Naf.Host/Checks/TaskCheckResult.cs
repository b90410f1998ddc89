using Naf.Host.Evaluation;

namespace Naf.Host.Checks;

/// <summary>What a task turned out to be when it was tried out.</summary>
/// <param name="Task">Its name.</param>
/// <param name="Model">Its model and its time.</param>
/// <param name="Observation">[observations], what was seen under random actions.</param>
/// <param name="Reward">[terms], what each brought in a random episode.</param>
/// <param name="Termination">How random episodes ended early; null when the task has no bounds.</param>
/// <param name="Measures">[measures], over random episodes.</param>
/// <param name="RandomScore">Scores of random actions, as <c>naf evaluate --policy random</c> has them.</param>
/// <param name="RewardSize">The size of the rewards.</param>
/// <param name="Warnings">Sentences on what is likely to be a mistake.</param>
public sealed record TaskCheckResult(
    string Task, ModelSummary Model, IReadOnlyList<ObservedNumber> Observation, IReadOnlyList<RewardPart> Reward, EarlyEnds? Termination,
    IReadOnlyList<MeasureSummary> Measures, EvaluationResult RandomScore, RewardSize RewardSize, IReadOnlyList<string> Warnings);
