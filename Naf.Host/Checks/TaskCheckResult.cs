using Naf.Host.Evaluation;

namespace Naf.Host.Checks;

/// <summary>Result of a task check.</summary>
/// <param name="Observation">[observations], statistics under random actions.</param>
/// <param name="Reward">[terms], contribution of each in random episodes.</param>
/// <param name="Termination">Early terminations of random episodes; null when the task has no bounds.</param>
/// <param name="Measures">[measures], over random episodes.</param>
/// <param name="RandomScore">Scores of random actions, as <c>naf evaluate --policy random</c> reports them.</param>
/// <param name="ModelFreeReason">Why imagination and planners refuse the task; null if they do not.</param>
/// <param name="Warnings">Sentences about likely mistakes.</param>
internal sealed record TaskCheckResult(
    string Task, ModelSummary Model, IReadOnlyList<ObservedNumber> Observation, IReadOnlyList<RewardPart> Reward,
    EarlyEnds? Termination, IReadOnlyList<MeasureSummary> Measures, EvaluationResult RandomScore, RewardSize RewardSize,
    string? ModelFreeReason, IReadOnlyList<string> Warnings);

/// <summary>Elements of the model that a task file can refer to, and the timing of an episode.</summary>
/// <param name="Bodies">Names of the bodies except the world; here and below an unnamed element has its number.</param>
/// <param name="Keyframes">States that a reset can start from.</param>
/// <param name="Mocaps">Mocap bodies, which a reset can place.</param>
/// <param name="Timestep">Simulator time step, seconds.</param>
/// <param name="Substeps">Simulator steps per control step.</param>
/// <param name="ControlStep">Duration of a control step, seconds.</param>
/// <param name="Horizon">Control steps per episode.</param>
/// <param name="Seconds">Duration of an episode, seconds.</param>
internal sealed record ModelSummary(
    string File, string Mujoco, IReadOnlyList<string> Bodies, IReadOnlyList<JointSummary> Joints,
    IReadOnlyList<string> Sites, IReadOnlyList<string> Geoms, IReadOnlyList<string> Cameras,
    IReadOnlyList<ActuatorSummary> Actuators, IReadOnlyList<string> Sensors, IReadOnlyList<string> Keyframes,
    IReadOnlyList<string> Mocaps, double Timestep, int Substeps, double ControlStep, int Horizon, double Seconds);

/// <summary>A joint and the range that MuJoCo enforces.</summary>
/// <param name="Type">hinge, slide, ball or free.</param>
/// <param name="Low">Lower limit, rad or m; null when it has none.</param>
internal sealed record JointSummary(string Name, string Type, double? Low, double? High);

/// <summary>An actuator and its control range.</summary>
/// <param name="Low">Control at u = −1; null when it has no range and u is applied directly.</param>
/// <param name="Zero">Control at u = 0.</param>
/// <param name="High">Control at u = 1.</param>
internal sealed record ActuatorSummary(string Name, double? Low, double Zero, double? High);

/// <summary>A component of the observation under random actions.</summary>
/// <param name="Index">Index in x.</param>
/// <param name="Entry">Kind of the observation entry that it belongs to, as named in the task file.</param>
/// <param name="InputScale">Factor at the networks' input.</param>
/// <param name="ScaledDeviation">Standard deviation at the networks' input.</param>
internal sealed record ObservedNumber(
    int Index, string Name, string Entry, double Minimum, double Maximum, double Mean, double Deviation,
    double InputScale, double ScaledDeviation);

/// <summary>A term of the reward over random episodes.</summary>
/// <param name="Kind">Kind of term, as named in the task file.</param>
/// <param name="Of">Components of the observation and action that it depends on.</param>
/// <param name="Mean">Mean of its sum over an episode.</param>
/// <param name="Share">Share of the terms' total magnitude.</param>
/// <param name="ModelFree">Whether it does not follow from the observation before the step and the action.</param>
internal sealed record RewardPart(
    string Kind, string Of, double Weight, double Mean, double Share, bool ModelFree);

/// <summary>The size of rewards, before and inside the learner.</summary>
/// <param name="PerStep">Mean of |r| over the steps of random episodes.</param>
/// <param name="Percentile95">|r| that 95 % of the steps do not exceed.</param>
/// <param name="Largest">Largest |r|.</param>
/// <param name="RewardScale">The task's setting reward_scale, or its default.</param>
/// <param name="LargestValue">Value of the largest |r| at every step, in scaled rewards: |r| scale / (1 − γ).</param>
/// <param name="Found">
/// Share of the steps with more than a hundredth of the largest |r|; 0 if that is negligible.
/// </param>
/// <param name="Suggested">
/// A suitable reward_scale if that one is not; null if it is, or if the rewards are too rare to tell.
/// </param>
internal sealed record RewardSize(
    double PerStep, double Percentile95, double Largest, double RewardScale, double LargestValue, double Found,
    double? Suggested)
{
    /// <summary>|r| below which there is no reward to learn from.</summary>
    public const double Negligible = 1e-6;
}

/// <summary>Terminations of random episodes by the task's bounds.</summary>
/// <param name="Rate">Share of episodes that were terminated.</param>
/// <param name="MeanStep">Mean step of termination; null when no episode was terminated.</param>
/// <param name="Reward">Reward added at termination.</param>
internal sealed record EarlyEnds(double Rate, double? MeanStep, double Reward, IReadOnlyList<BoundSummary> Bounds);

/// <summary>A termination bound.</summary>
/// <param name="Name">Name of the observation component.</param>
/// <param name="Low">Smallest value that does not terminate; −∞ for none.</param>
/// <param name="High">Largest value that does not terminate; +∞ for none.</param>
/// <param name="Rate">Share of random episodes that it terminated.</param>
internal sealed record BoundSummary(string Name, double Low, double High, double Rate);

/// <summary>A measure over the random episodes that have a value; NaN when none has.</summary>
/// <param name="Rate">Share of episodes that have a value.</param>
internal sealed record MeasureSummary(string Name, double Minimum, double Mean, double Maximum, double Rate);
