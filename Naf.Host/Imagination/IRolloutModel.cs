using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;
using Naf.Kernels.Rollout;

namespace Naf.Host.Imagination;

/// <summary>One learner's share in a call of imagination.</summary>
/// <param name="Memory">Its B_old.</param>
/// <param name="First">The number of its first rollout in the run, by which random numbers are drawn.</param>
internal readonly record struct Imagining(int Learner, EpisodeMemory Memory, ulong Seed, ulong First)
{
    /// <summary>Draws where a rollout, First + its number here, starts: every step of B_old is as likely.</summary>
    /// <returns>The episode, its place in B_old, and the time step.</returns>
    public (EpisodeRecord Episode, int Place, int Time) Start(int rollout)
    {
        int steps = 0;
        for (int i = 0; i < Memory.OldCount; i++) steps += Memory.Old(i).Length;
        int chosen = (int)(Philox.Uniform(Seed, RandomStream.ImaginationStart, First + (ulong)rollout) * steps);
        for (int i = 0; ; i++)
        {
            EpisodeRecord episode = Memory.Old(i);
            if (chosen < episode.Length) return (episode, i, chosen);
            chosen -= episode.Length;
        }
    }
}

/// <summary>The dynamics in which imagination rolls out.</summary>
internal interface IRolloutModel
{
    /// <summary>Rolls out m times l steps for each of some learners, on policy with noise, into their R_f.</summary>
    void RollOut(IReadOnlyList<Imagining> learners);

    /// <summary>What the last call made for a learner.</summary>
    RolloutReport Report(int learner);

    /// <summary>Learns the dynamics of all learners that are due anew.</summary>
    /// <returns>Why a learner has no new dynamics, so that the last good ones stay; null where it has.</returns>
    string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due);

    /// <summary>Whether a learner has dynamics to imagine in.</summary>
    bool Ready(int learner);

    /// <summary>
    /// The error on an episode that the dynamics have not seen; null where there is none to speak of.
    /// </summary>
    ModelError? ErrorOn(int learner, EpisodeRecord episode);

    /// <summary>Saves or loads what was learned.</summary>
    /// <exception cref="InvalidDataException">The checkpoint holds something else.</exception>
    void Serialise(CheckpointScope scope);
}
