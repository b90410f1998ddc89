namespace Naf.Cli.Common;

/// <summary>Exit codes of commands that did not succeed.</summary>
internal static class ExitCode
{
    /// <summary>The command failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is invalid.</summary>
    public const int Misused = 2;
}
