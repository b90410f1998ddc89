using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Kernels.Update;

namespace Naf.Host.Agents;

/// <summary>A row of metrics.csv: one episode of one learner. Null: not measured.</summary>
/// <param name="Episode">The training episode that ended, from 1; 0: before training.</param>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="Step">Its steps so far, over all episodes.</param>
/// <param name="TrainScore">Undiscounted sum of the episode's rewards, with exploration noise.</param>
/// <param name="Test">The test at the episode's end.</param>
/// <param name="Report">Means over the episode's updates.</param>
/// <param name="Replay">Transitions in its replay buffer.</param>
/// <param name="Diverges">Whether Q stays beyond what the rewards allow (<see cref="DivergenceWatch"/>).</param>
/// <param name="Stopped">Why the learner stopped early; null if it did not.</param>
/// <param name="Planned">Whether a planner selected the episode's actions.</param>
/// <param name="Imagination">Imagination during the episode.</param>
/// <param name="Unstable">Episodes since the last row, of training and test, whose simulation broke down.</param>
internal sealed record EpisodeResult(
    int Episode, int Learner, ulong Seed, long Step, double? TrainScore, EvaluationResult? Test, LearnerReport Report,
    int Replay, bool Diverges, string? Stopped, bool Planned, ImaginationReport Imagination, int Unstable)
{
    /// <summary>What was recorded of the test; null without <c>tensorboard</c>.</summary>
    public TestRecord? TestRecord { get; init; }
}
