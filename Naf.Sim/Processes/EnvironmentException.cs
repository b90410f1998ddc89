namespace Naf.Sim.Processes;

/// <summary>What ended the exchange with an environment's process.</summary>
internal enum EnvironmentEnd
{
    /// <summary>The process ended, or answered wrongly.</summary>
    Failed,
    /// <summary>No answer came in time.</summary>
    TimedOut,
    /// <summary>The environment asked to end training.</summary>
    Aborted,
    /// <summary>This process was asked to stop while it waited.</summary>
    Stopped,
    /// <summary>The program that started naf closed its end, which is how it ends training.</summary>
    ClosedByProgram,
}

/// <summary>The message, one sentence, says what happened and what to do.</summary>
internal sealed class EnvironmentException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What ended the exchange.</summary>
    public EnvironmentEnd End { get; init; }

    /// <summary>Whether training could not end as it should.</summary>
    public bool IsFailure => End is not (EnvironmentEnd.Stopped or EnvironmentEnd.ClosedByProgram);
}
