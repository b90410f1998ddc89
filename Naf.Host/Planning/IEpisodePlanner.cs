using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Planning;

/// <summary>Selects the actions of one learner's planned episodes.</summary>
internal interface IEpisodePlanner
{
    /// <summary>Whether it can plan yet.</summary>
    bool Ready => true;

    /// <param name="environment">The environment at the start of the episode.</param>
    /// <param name="seed">The learner's seed.</param>
    void Begin(IControlEnvironment environment, ulong seed, ulong episode);

    /// <summary>Selects the action of a step.</summary>
    /// <param name="environment">The environment before the step.</param>
    /// <param name="u">[A], receives u.</param>
    void Act(IControlEnvironment environment, Span<double> u);

    /// <summary>Saves or loads the state from which the next step continues.</summary>
    /// <exception cref="InvalidDataException">The checkpoint does not match.</exception>
    void Serialise(CheckpointScope scope);
}
