using System.Runtime.InteropServices;

namespace Naf.Host.Training;

/// <summary>
/// Whether training was asked to stop. Ctrl-C, SIGTERM and SIGHUP ask; the run then saves a checkpoint and ends. A second signal ends the process at
/// once, which loses nothing that a checkpoint holds.
/// </summary>
public sealed class StopRequest : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private volatile int _exitCode;

    private StopRequest(PosixSignal[] signals) => _registrations = [.. signals.Select(s => PosixSignalRegistration.Create(s, OnSignal))];

    /// <summary>Whether to stop.</summary>
    public bool Requested => _exitCode != 0;

    /// <summary>128 + the signal's number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP; 0 before any.</summary>
    public int ExitCode => _exitCode;

    /// <summary>Listens to the signals until it is disposed.</summary>
    public static StopRequest OnSignals() => new([PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]);

    /// <summary>Listens to nothing: for a run inside another program, which calls <see cref="Request"/>.</summary>
    public static StopRequest Manual() => new([]);

    /// <summary>Asks to stop.</summary>
    public void Request(int exitCode) => _exitCode = exitCode;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (Requested) return;
        context.Cancel = true;
        Request(context.Signal switch { PosixSignal.SIGINT => 130, PosixSignal.SIGTERM => 143, _ => 129 });
    }
}
