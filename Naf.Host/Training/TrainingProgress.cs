namespace Naf.Host.Training;

/// <summary>Progress of a run.</summary>
/// <param name="EpisodesEnded">Episodes completed by every learner not stopped early; the maximum if all were.</param>
/// <param name="Episodes">Total number of episodes.</param>
/// <param name="LastTest">Median over learners of the last test's score; null before the first.</param>
/// <param name="BestTest">Median over learners of the best test's score.</param>
/// <param name="Updates">Updates of all learners since this process began.</param>
/// <param name="Seconds">Seconds since this process began to train.</param>
/// <param name="EpisodesBefore">Episodes that had ended when this process began.</param>
public sealed record TrainingProgress(
    int EpisodesEnded, int Episodes, double? LastTest, double? BestTest, long Updates, double Seconds,
    int EpisodesBefore)
{
    /// <summary>Episodes of the verification that have ended, of all policies; it comes after training.</summary>
    public long VerificationsEnded { get; init; }

    /// <summary>Episodes of the verification; 0 before it begins.</summary>
    public long Verifications { get; init; }

    /// <summary>Updates of all learners per second.</summary>
    public double UpdatesPerSecond => Seconds > 0 ? Updates / Seconds : 0;

    /// <summary>Estimated time left; null before the first episode.</summary>
    public TimeSpan? Left => EpisodesEnded > EpisodesBefore
        ? TimeSpan.FromSeconds(Seconds * (Episodes - EpisodesEnded) / (EpisodesEnded - EpisodesBefore)) : null;
}
