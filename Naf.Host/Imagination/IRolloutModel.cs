using Naf.Kernels.Rollout;

namespace Naf.Host.Imagination;

/// <summary>One learner's share in a call of imagination.</summary>
/// <param name="Learner">The learner.</param>
/// <param name="Memory">Its B_old.</param>
/// <param name="Starts">Where its rollouts start.</param>
internal readonly record struct Imagining(int Learner, EpisodeMemory Memory, ImaginedStarts Starts);

/// <summary>The dynamics in which imagination rolls out.</summary>
internal interface IRolloutModel : IDisposable
{
    /// <summary>Rolls out m times l steps for each of some learners, on policy with noise, into their R_f.</summary>
    void RollOut(IReadOnlyList<Imagining> learners);

    /// <summary>What the last call made for a learner.</summary>
    RolloutReport Report(int learner);

    /// <summary>Learns the dynamics of all learners that are due anew.</summary>
    /// <returns>Why a learner has no new dynamics, so that the last good ones stay; null where it has.</returns>
    string?[] Refit(IReadOnlyList<Refitting> due);

    /// <summary>Whether a learner has dynamics to imagine in.</summary>
    bool Ready(int learner);

    /// <summary>The error on an episode that the dynamics have not seen; null where there is none to speak of.</summary>
    ModelError? ErrorOn(int learner, EpisodeRecord episode);

    /// <summary>Writes the learners' dynamics.</summary>
    void Save(BinaryWriter writer);

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The stream holds something else.</exception>
    void Load(BinaryReader reader);
}
