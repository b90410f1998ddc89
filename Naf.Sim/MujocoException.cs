namespace Naf.Sim;

/// <summary>MuJoCo is missing, unknown or reported an error; the message has its text and the remedy.</summary>
public sealed class MujocoException(string message, Exception? cause = null) : Exception(message, cause);
