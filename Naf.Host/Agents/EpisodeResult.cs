using Naf.Host.Evaluation;
using Naf.Host.Imagination;
using Naf.Kernels.Update;

namespace Naf.Host.Agents;

/// <summary>A row of metrics.csv: one episode of one learner. Null is "not measured".</summary>
/// <param name="Episode">The training episode that ended, from 1; 0: before training.</param>
/// <param name="Learner">The learner, from 0.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Step">Its steps so far, over all episodes.</param>
/// <param name="TrainScore">Undiscounted sum of the episode's rewards, with exploration noise.</param>
/// <param name="Test">The test at the episode's end.</param>
/// <param name="Report">Means over the episode's updates.</param>
/// <param name="Replay">Transitions in its replay buffer.</param>
/// <param name="Stopped">Why it stopped before its time.</param>
/// <param name="Planned">Whether a planner chose the episode's actions.</param>
/// <param name="Imagination">What it imagined during the episode.</param>
public sealed record EpisodeResult(
    int Episode, int Learner, ulong Seed, long Step, double? TrainScore, EvaluationResult? Test, LearnerReport Report, int Replay, string? Stopped,
    bool Planned, ImaginationReport Imagination);
