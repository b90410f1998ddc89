using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Planning;

/// <summary>Chooses the actions of one learner's planned episodes.</summary>
internal interface IEpisodePlanner
{
    /// <summary>Whether it can plan yet.</summary>
    bool Ready => true;

    /// <param name="environment">It stands at the start.</param>
    /// <param name="seed">The learner's seed.</param>
    void Begin(IControlEnvironment environment, ulong seed, ulong episode);

    /// <summary>Chooses the action of a step.</summary>
    /// <param name="environment">It stands before the step.</param>
    /// <param name="u">[A], receives u.</param>
    void Act(IControlEnvironment environment, Span<double> u);

    /// <summary>Saves or loads what goes on with the next step.</summary>
    /// <exception cref="InvalidDataException">The checkpoint holds something else.</exception>
    void Serialise(CheckpointScope scope);
}
