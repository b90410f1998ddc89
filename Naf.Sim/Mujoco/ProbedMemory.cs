using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Naf.Sim.Mujoco;

/// <summary>Reads possibly invalid addresses: on Linux by process_vm_readv, which fails instead of crashing.</summary>
internal static unsafe partial class ProbedMemory
{
    /// <summary>Reads the value at an address.</summary>
    /// <returns>False if the memory cannot be read.</returns>
    public static bool TryRead<T>(nint address, out T value) where T : unmanaged
    {
        value = default;
        if (!OperatingSystem.IsLinux()) return TryDirect(address, out value);
        fixed (T* target = &value)
        {
            var local = new Piece { Address = (nint)target, Length = (nuint)sizeof(T) };
            var remote = new Piece { Address = address, Length = (nuint)sizeof(T) };
            nint read = ReadProcess(Environment.ProcessId, &local, 1, &remote, 1, 0);
            if (read == sizeof(T)) return true;
        }
        // some containers forbid this system call
        const int NotPermitted = 1, NotImplemented = 38;
        return Marshal.GetLastPInvokeError() is NotPermitted or NotImplemented && TryDirect(address, out value);
    }

    private static bool TryDirect<T>(nint address, out T value) where T : unmanaged
    {
        bool plausible = address > 0xFFFF;
        value = plausible ? Unsafe.ReadUnaligned<T>((void*)address) : default;
        return plausible;
    }

    private struct Piece
    {
        public nint Address;
        public nuint Length;
    }

    [LibraryImport("libc", EntryPoint = "process_vm_readv", SetLastError = true)]
    private static partial nint ReadProcess(
        int process, Piece* local, nuint localCount, Piece* remote, nuint remoteCount, nuint flags);
}
