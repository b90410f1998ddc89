namespace Naf.Sim.Processes;

/// <summary>
/// The process of an environment failed: it ended, did not answer in time or answered wrongly. The message, one
/// sentence, says what happened and what to do.
/// </summary>
internal sealed class EnvironmentException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>
    /// Whether the program that started naf closed its end, which is how it ends training, and no failure.
    /// </summary>
    public bool ClosedByProgram { get; init; }

    /// <summary>Whether this process was asked to stop while it waited.</summary>
    public bool Stopped { get; init; }

    /// <summary>Whether the environment asked to end training.</summary>
    public bool Aborted { get; init; }

    /// <summary>Whether training could not end as it should.</summary>
    public bool IsFailure => !ClosedByProgram && !Stopped;

    /// <summary>Whether no answer came in time.</summary>
    public bool TimedOut { get; init; }
}
