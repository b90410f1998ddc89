using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;
using Naf.Kernels.Rollout;

namespace Naf.Host.Imagination;

/// <summary>One learner's part of an imagination call.</summary>
/// <param name="Memory">The memory that holds its B_old.</param>
/// <param name="First">Number of its first rollout in the run, which indexes the random numbers.</param>
internal readonly record struct Imagining(int Learner, EpisodeMemory Memory, ulong Seed, ulong First)
{
    /// <summary>
    /// Draws the start of rollout First + <paramref name="rollout"/>, uniform over the steps of B_old.
    /// </summary>
    /// <returns>The episode, its index in B_old, and the time step.</returns>
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

/// <summary>The dynamics model of imagination rollouts.</summary>
internal interface IRolloutModel
{
    /// <summary>Runs m rollouts of l steps for each of some learners, on policy with noise, into their R_f.</summary>
    void RollOut(IReadOnlyList<Imagining> learners);

    /// <summary>Report of the last call for a learner.</summary>
    RolloutReport Report(int learner);

    /// <summary>Refits the dynamics of all learners that are due.</summary>
    /// <returns>For each learner, why its last good dynamics are kept; null if it has new ones.</returns>
    string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due);

    /// <summary>Whether a learner has dynamics to imagine in.</summary>
    bool Ready(int learner);

    /// <summary>Prediction error on an episode that was not fitted; null if the model has none.</summary>
    ModelError? ErrorOn(int learner, EpisodeRecord episode);

    /// <summary>Saves or loads the dynamics.</summary>
    /// <exception cref="InvalidDataException">The checkpoint does not match.</exception>
    void Serialise(CheckpointScope scope);
}
