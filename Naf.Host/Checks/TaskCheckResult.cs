using Naf.Host.Evaluation;

namespace Naf.Host.Checks;

/// <summary>What a task turned out to be when it was tried out.</summary>
/// <param name="Observation">[observations], what was seen under random actions.</param>
/// <param name="Reward">[terms], what each brought in a random episode.</param>
/// <param name="Termination">How random episodes ended early; null when the task has no bounds.</param>
/// <param name="Measures">[measures], over random episodes.</param>
/// <param name="RandomScore">Scores of random actions, as <c>naf evaluate --policy random</c> has them.</param>
/// <param name="Warnings">Sentences on what is likely to be a mistake.</param>
internal sealed record TaskCheckResult(
    string Task, ModelSummary Model, IReadOnlyList<ObservedNumber> Observation, IReadOnlyList<RewardPart> Reward,
    EarlyEnds? Termination, IReadOnlyList<MeasureSummary> Measures, EvaluationResult RandomScore, RewardSize RewardSize,
    IReadOnlyList<string> Warnings);

/// <summary>What of a model a task file can refer to, and the time of an episode.</summary>
/// <param name="Bodies">Names of the bodies but for the world; empty for those without, as everywhere.</param>
/// <param name="Timestep">The simulator's step, seconds.</param>
/// <param name="Substeps">Of these in a control step.</param>
/// <param name="ControlStep">Seconds.</param>
/// <param name="Horizon">Control steps in an episode.</param>
/// <param name="Seconds">An episode's.</param>
internal sealed record ModelSummary(
    string File, string Mujoco, IReadOnlyList<string> Bodies, IReadOnlyList<JointSummary> Joints,
    IReadOnlyList<string> Sites, IReadOnlyList<ActuatorSummary> Actuators, double Timestep, int Substeps,
    double ControlStep, int Horizon, double Seconds);

/// <summary>A joint with the range that MuJoCo applies to it.</summary>
/// <param name="Type">hinge, slide or free.</param>
/// <param name="Low">Its lower limit, rad or m; null when it has none.</param>
internal sealed record JointSummary(string Name, string Type, double? Low, double? High);

/// <summary>An actuator with the range of its control.</summary>
/// <param name="Low">The control at u = −1; null when it has no range and takes u itself.</param>
/// <param name="High">The control at u = 1.</param>
internal sealed record ActuatorSummary(string Name, double? Low, double? High);

/// <summary>A number of the observation under random actions.</summary>
/// <param name="Index">Its index in x.</param>
/// <param name="Entry">The kind of the entry that it belongs to, as the task file calls it.</param>
/// <param name="InputScale">The factor at the networks' input.</param>
/// <param name="ScaledDeviation">The deviation there.</param>
internal sealed record ObservedNumber(
    int Index, string Name, string Entry, double Minimum, double Maximum, double Mean, double Deviation,
    double InputScale, double ScaledDeviation);

/// <summary>A term of the reward over random episodes.</summary>
/// <param name="Kind">Its kind, as the task file calls it.</param>
/// <param name="Of">The numbers that it looks at.</param>
/// <param name="Mean">Its mean sum over an episode.</param>
/// <param name="Share">Of the terms' magnitudes, its own.</param>
internal sealed record RewardPart(string Kind, string Of, double Weight, double Mean, double Share);

/// <summary>The size of rewards, before and inside the learner.</summary>
/// <param name="PerStep">Mean of |r| over the steps of random episodes.</param>
/// <param name="RewardScale">The task's setting reward_scale, or its default.</param>
/// <param name="Suggested">A reward_scale that suits, where that one does not; else null.</param>
internal sealed record RewardSize(double PerStep, double RewardScale, double? Suggested);

/// <summary>How random episodes ended by the task's bounds.</summary>
/// <param name="Rate">Share of the episodes that did.</param>
/// <param name="MeanStep">The step after which they did, on average; null when none did.</param>
/// <param name="Reward">What is added to that step's reward.</param>
internal sealed record EarlyEnds(double Rate, double? MeanStep, double Reward, IReadOnlyList<BoundSummary> Bounds);

/// <summary>A bound that ends episodes.</summary>
/// <param name="Name">The number of the observation.</param>
/// <param name="Low">Least value that goes on; −∞ for none.</param>
/// <param name="High">Largest value that goes on; +∞ for none.</param>
/// <param name="Rate">Share of the random episodes that it ended.</param>
internal sealed record BoundSummary(string Name, double Low, double High, double Rate);

/// <summary>A measure over those random episodes that had one; NaN when none had.</summary>
/// <param name="Rate">Share of the episodes that had one.</param>
internal sealed record MeasureSummary(string Name, double Minimum, double Mean, double Maximum, double Rate);
