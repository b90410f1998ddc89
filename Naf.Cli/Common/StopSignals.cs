using System.Runtime.InteropServices;
using Naf.Sim.Processes;

namespace Naf.Cli.Common;

/// <summary>
/// Requests a command to stop at Ctrl-C, SIGTERM and SIGHUP, until disposed. A second signal ends the process at once,
/// which loses nothing that a checkpoint holds.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() => _registrations =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Select(s => PosixSignalRegistration.Create(s, OnSignal))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>128 + the signal's number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP; 0 before.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Runs a command that has no result if it is stopped.</summary>
    /// <param name="what">What it does, for the message.</param>
    /// <returns>Its exit code, or the signal's.</returns>
    public static int Run(Terminal terminal, string what, Func<CancellationToken, int> command)
    {
        using var stop = new StopSignals();
        try
        {
            return command(stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException
            or EnvironmentException { End: EnvironmentEnd.Stopped })
        {
            terminal.Warn($"stopped before the end of the {what}");
            return stop.ExitCode;
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested) return;
        context.Cancel = true;
        ExitCode = context.Signal switch { PosixSignal.SIGINT => 130, PosixSignal.SIGTERM => 143, _ => 129 };
        _stop.Cancel();
    }
}
