using System.Runtime.InteropServices;

namespace Naf.Host.Files;

/// <summary>Makes a rename last through a power cut: on Unix the folder itself has to be flushed to the disk, for which .NET has no call.</summary>
internal static partial class DurableFolder
{
    /// <summary>Flushes a folder's entries; does nothing on Windows. A file system that can't do it is left alone.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(folder, 0);
        if (descriptor < 0) return;
        _ = Synchronise(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Synchronise(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
