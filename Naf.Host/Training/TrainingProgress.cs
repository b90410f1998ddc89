namespace Naf.Host.Training;

/// <summary>How far a run has come, for those who watch.</summary>
/// <param name="EpisodesEnded">
/// Episodes ended by every learner that was not stopped; where all were, the most that one ended.
/// </param>
/// <param name="Episodes">Episodes that it will have.</param>
/// <param name="LastTest">Median over learners of the last test's score; null before the first.</param>
/// <param name="BestTest">Median over learners of the best test's score.</param>
/// <param name="Updates">Updates of all learners since this process began.</param>
/// <param name="Seconds">Seconds since this process began to train.</param>
/// <param name="EpisodesBefore">Episodes that had ended when this process began.</param>
public sealed record TrainingProgress(
    int EpisodesEnded, int Episodes, double? LastTest, double? BestTest, long Updates, double Seconds,
    int EpisodesBefore)
{
    /// <summary>Updates of all learners per second.</summary>
    public double UpdatesPerSecond => Seconds > 0 ? Updates / Seconds : 0;

    /// <summary>Time left at this pace; null before the first episode.</summary>
    public TimeSpan? Left => EpisodesEnded > EpisodesBefore
        ? TimeSpan.FromSeconds(Seconds * (Episodes - EpisodesEnded) / (EpisodesEnded - EpisodesBefore)) : null;
}
