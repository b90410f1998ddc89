using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Naf.Sim.Mujoco;

/// <summary>
/// MuJoCo's warnings, process-wide. By default MuJoCo appends warnings to MUJOCO_LOG.TXT in the current folder; here a
/// managed handler counts them instead. MuJoCo gives the text of a kind once per mjData until that is reset; the counts
/// of one simulation are in its mjData.warning. Warnings of a <see cref="MujocoData.Quiet"/> simulation are dropped.
/// </summary>
internal static unsafe class MujocoWarnings
{
    /// <summary>Distinct texts kept; later ones share one entry, so that memory stays bounded in a long run.</summary>
    private const int Capacity = 256;

    private const string Overflow = "(further warnings)";
    private static readonly ConcurrentDictionary<string, long> Counted = new();

    /// <summary>Text → number of times it was given, over all threads.</summary>
    public static IReadOnlyDictionary<string, long> Counts => new Dictionary<string, long>(Counted);

    internal static nint Handler => (nint)(delegate* unmanaged[Cdecl]<byte*, void>)&OnWarning;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnWarning(byte* text)
    {
        if (ErrorGuard.IsQuiet) return;
        try
        {
            string warning = Marshal.PtrToStringUTF8((nint)text) ?? "";
            string key = Counted.Count < Capacity || Counted.ContainsKey(warning) ? warning : Overflow;
            Counted.AddOrUpdate(key, 1, static (_, n) => n + 1);
        }
        catch (Exception)
        {
            // no exception may cross MuJoCo's frames; losing a warning is better than losing the process
        }
    }
}
