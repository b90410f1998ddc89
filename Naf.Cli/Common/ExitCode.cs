namespace Naf.Cli.Common;

/// <summary>Exit codes of commands that did not succeed.</summary>
internal static class ExitCode
{
    /// <summary>The command could not do what it was asked.</summary>
    public const int Failed = 1;

    /// <summary>The command line was not understood.</summary>
    public const int Misused = 2;
}
