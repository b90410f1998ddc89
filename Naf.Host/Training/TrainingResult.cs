using Naf.Host.Agents;

namespace Naf.Host.Training;

/// <summary>Result of a training run: the object that <c>naf train --json</c> prints.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Episodes">Episodes completed by every learner not stopped early; the maximum if all were.</param>
/// <param name="Finished">Whether at least one learner completed all episodes; false after a signal.</param>
/// <param name="BestTestScore">Median over learners of their best test's score.</param>
/// <param name="FinalTestScore">Median over learners of their last test's score.</param>
/// <param name="VerifiedBest">
/// Median over learners of their best policy's score in the verification; null if there was none.
/// </param>
/// <param name="VerifiedLast">Median over learners of their last policy's score in it.</param>
/// <param name="Updates">Updates of all learners together.</param>
/// <param name="UpdatesPerSecond">Updates of all learners per second of the run, with simulation and tests.</param>
/// <param name="Seconds">Duration of the run over all resumptions without its verification, seconds.</param>
public sealed record TrainingResult(
    string Run, string Task, string Algorithm, string Device, int Episodes, bool Finished, double? BestTestScore,
    double? FinalTestScore, double? VerifiedBest, double? VerifiedLast, long Updates, double UpdatesPerSecond,
    double Seconds, IReadOnlyList<LearnerSummary> Learners)
{
    /// <summary>Median of the values that are not null; null when there are none.</summary>
    internal static double? Median(IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
