using System.Runtime.InteropServices;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// Preserves this process's signal handlers while a driver starts: drivers that compile with LLVM (PoCL) replace those
/// of SIGHUP, SIGINT and SIGTERM, and a training run would then end without saving.
/// </summary>
internal static unsafe partial class SignalHandlers
{
    // SIGHUP, SIGINT, SIGQUIT, SIGTERM: the same numbers on Linux and macOS
    private static readonly int[] Signals = [1, 2, 3, 15];

    // more than struct sigaction needs on any platform (152 bytes with glibc)
    private const int ActionBytes = 512;

    /// <summary>Runs <paramref name="start"/>, then restores the previous handlers.</summary>
    public static T Keep<T>(Func<T> start)
    {
        if (OperatingSystem.IsWindows()) return start();
        byte* actions = stackalloc byte[ActionBytes * Signals.Length];
        for (int i = 0; i < Signals.Length; i++) _ = SigAction(Signals[i], null, actions + ActionBytes * i);
        try
        {
            return start();
        }
        finally
        {
            for (int i = 0; i < Signals.Length; i++) _ = SigAction(Signals[i], actions + ActionBytes * i, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int SigAction(int signal, byte* action, byte* old);
}
