using Naf.Sim.Control;

namespace Naf.Host.Evaluation;

/// <summary>Chooses an action. Called for many steps: it should not allocate.</summary>
/// <param name="observation">x, [observations].</param>
/// <param name="episode">Number of the episode, from 0.</param>
/// <param name="step">Number of the step in it, from 0.</param>
/// <param name="action">u, [actions], to be filled.</param>
internal delegate void Policy(ReadOnlySpan<float> observation, ulong episode, int step, Span<float> action);

/// <summary>
/// Chooses an action from the environment itself, as a planner does that knows the simulator's state.
/// </summary>
/// <param name="environment">The environment before the step; it is not changed.</param>
/// <param name="action">u, [actions], to be filled.</param>
internal delegate void Controller(IControlEnvironment environment, Span<double> action);
