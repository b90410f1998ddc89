namespace Naf.Host.Common;

/// <summary>
/// Something that the user can put right: the message is one sentence that names the remedy, and is all that the
/// user sees.
/// </summary>
public sealed class UserException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The option or command for that remedy, which the command line shows behind the message.</summary>
    internal string? Option { get; init; }
}
