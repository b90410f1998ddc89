using System.Runtime.InteropServices;

namespace Naf.Host.Files;

/// <summary>Tells files from devices and pipes, for which .NET has no call.</summary>
internal static unsafe partial class FileKind
{
    // statx(2): the struct is the same on every processor
    private const int RelativeToHere = -100, TypeWanted = 1, StructSize = 256, ModeAt = 28, TypeBits = 0xF000, Regular = 0x8000;

    /// <summary>Whether something is there that is not a file with bytes of its own. Links are followed; looks on Linux only.</summary>
    public static bool IsSpecial(string path)
    {
        if (!OperatingSystem.IsLinux() || !Path.Exists(path)) return false;
        byte* facts = stackalloc byte[StructSize];
        try
        {
            return Stat(RelativeToHere, path, 0, TypeWanted, facts) == 0 && (*(ushort*)(facts + ModeAt) & TypeBits) != Regular;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library of before 2018
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int folder, string path, int flags, uint wanted, byte* facts);
}
