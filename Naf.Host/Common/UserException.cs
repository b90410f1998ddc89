namespace Naf.Host.Common;

/// <summary>
/// An error that the user can correct. The message, one sentence that names the remedy, is all that the user sees.
/// </summary>
public sealed class UserException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Option or command for the remedy, which the command line prints after the message.</summary>
    internal string? Option { get; init; }
}
