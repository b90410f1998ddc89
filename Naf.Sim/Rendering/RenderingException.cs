namespace Naf.Sim.Rendering;

/// <summary>A picture can't be drawn: the message is one sentence with the remedy, such as the package to install.</summary>
public sealed class RenderingException(string message, Exception? cause = null) : Exception(message, cause);
