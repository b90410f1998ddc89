using System.Globalization;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Training;

namespace Naf.Cli.Commands;

/// <summary>Shows how far training has come.</summary>
/// <param name="progress">Tells it.</param>
internal sealed class TrainDisplay(Func<TrainingProgress> progress) : ProgressDisplay(() => Describe(progress()))
{
    private static (double Done, double Most, string Text) Describe(TrainingProgress p) => (p.EpisodesEnded, p.Episodes,
        string.Create(CultureInfo.InvariantCulture, $"episode {p.EpisodesEnded}/{p.Episodes}")
        + $"  test {Texts.Score(p.LastTest)} (best {Texts.Score(p.BestTest)})  {Texts.Rate(p.UpdatesPerSecond)} updates/s"
        + (p.Left is { } left ? $"  {Texts.Duration(left)} left" : ""));
}
