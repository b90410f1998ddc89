using Naf.Sim.Control;

namespace Naf.Host.Evaluation;

/// <summary>Selects an action. Called at every step, so it should not allocate.</summary>
/// <param name="observation">x, [observations].</param>
/// <param name="episode">Number of the episode, from 0.</param>
/// <param name="step">Number of the step in the episode, from 0.</param>
/// <param name="action">[actions], receives u.</param>
internal delegate void Policy(ReadOnlySpan<float> observation, ulong episode, int step, Span<float> action);

/// <summary>Selects an action from the environment itself, as a planner that uses the simulator's state.</summary>
/// <param name="environment">The environment before the step; not modified.</param>
/// <param name="action">[actions], receives u.</param>
internal delegate void Controller(IControlEnvironment environment, Span<double> action);
