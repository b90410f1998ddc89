namespace Naf.Sim.Mujoco;

/// <summary>The simulated state left the finite numbers (MuJoCo then resets or zeroes silently), so that the episode is worthless.</summary>
public sealed class SimulationException(string message, Exception? cause = null) : Exception(message, cause);
