using Naf.Kernels.Random;

namespace Naf.Host.Imagination;

/// <summary>Where a learner's next rollouts start: m states drawn from B_old, each with its time step.</summary>
/// <param name="seed">The learner's seed.</param>
internal sealed class ImaginedStarts(ulong seed)
{
    /// <summary>Rollouts begun so far: the number of the next one, by which its random numbers are drawn.</summary>
    public ulong Number { get; set; }

    /// <summary>Draws the start of rollout <see cref="Number"/> + <paramref name="rollout"/>: every step of B_old is as likely.</summary>
    /// <returns>The episode, its place in B_old, and the time step.</returns>
    public (EpisodeRecord Episode, int Place, int Time) Draw(EpisodeMemory memory, int rollout)
    {
        int steps = 0;
        for (int i = 0; i < memory.OldCount; i++) steps += memory.Old(i).Length;
        int chosen = (int)(Philox.Uniform(seed, RandomStream.ImaginationStart, Number + (ulong)rollout) * steps);
        for (int i = 0; ; i++)
        {
            EpisodeRecord episode = memory.Old(i);
            if (chosen < episode.Length) return (episode, i, chosen);
            chosen -= episode.Length;
        }
    }
}
