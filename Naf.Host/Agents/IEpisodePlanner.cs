using Naf.Host.Imagination;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>Chooses the actions of one learner's planned episodes.</summary>
internal interface IEpisodePlanner : IDisposable
{
    /// <summary>Whether it can plan yet.</summary>
    bool Ready { get; }

    /// <summary>An episode begins.</summary>
    /// <param name="environment">It stands at the start.</param>
    /// <param name="episode">Its number.</param>
    void Begin(IControlEnvironment environment, int episode);

    /// <summary>Chooses the action of a step.</summary>
    /// <param name="environment">It stands before the step.</param>
    /// <param name="u">[A], receives u, which the caller clips.</param>
    void Act(IControlEnvironment environment, Span<float> u);

    /// <summary>The dynamics were fitted anew; B_old is the batch that they were fitted to.</summary>
    /// <param name="warn">Takes a sentence where the last good controller had to stay.</param>
    void Improve(EpisodeMemory memory, Action<string> warn);

    /// <summary>Writes what goes on with the next step.</summary>
    void Save(BinaryWriter writer);

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The stream holds something else.</exception>
    void Load(BinaryReader reader);
}
