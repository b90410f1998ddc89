using Naf.Host.Agents;

namespace Naf.Host.Training;

/// <summary>What a training run came to: the object that <c>naf train --json</c> prints.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Episodes">
/// Training episodes ended by every learner that was not stopped; where all were, the most that one ended.
/// </param>
/// <param name="Finished">Whether all episodes were run, by one learner at least; false after a signal.</param>
/// <param name="BestTestScore">Median over learners of their best test's score.</param>
/// <param name="FinalTestScore">Median over learners of their last test's score.</param>
/// <param name="Updates">Updates of all learners together.</param>
/// <param name="UpdatesPerSecond">
/// Updates of all learners together, per second of the run (simulation and tests included).
/// </param>
/// <param name="Seconds">Seconds that the run took, over all its resumptions.</param>
public sealed record TrainingResult(
    string Run, string Task, string Algorithm, string Device, int Episodes, bool Finished, double? BestTestScore,
    double? FinalTestScore,
    long Updates, double UpdatesPerSecond, double Seconds, IReadOnlyList<LearnerSummary> Learners)
{
    /// <summary>The middle of the values that are there (the mean of the two middle ones); null when none is.</summary>
    internal static double? Median(IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
