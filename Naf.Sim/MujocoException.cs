namespace Naf.Sim;

/// <summary>
/// MuJoCo is missing, unknown, or refused what it was asked for; the message holds MuJoCo's own words and the remedy.
/// </summary>
public sealed class MujocoException(string message, Exception? cause = null) : Exception(message, cause);
