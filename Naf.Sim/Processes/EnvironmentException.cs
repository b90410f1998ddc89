namespace Naf.Sim.Processes;

/// <summary>
/// The process of an environment failed: it ended, did not answer in time or answered wrongly. The message, one
/// sentence, says what happened and what to do.
/// </summary>
internal sealed class EnvironmentException(string message, Exception? cause = null) : Exception(message, cause);
