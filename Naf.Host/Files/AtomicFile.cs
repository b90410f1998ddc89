using System.Runtime.InteropServices;

namespace Naf.Host.Files;

/// <summary>
/// Writes a temporary file in the same folder, flushes it to disk and renames it, so that a file under its final name
/// is always complete, even after a crash or a power failure.
/// </summary>
internal static partial class AtomicFile
{
    /// <summary>Writes a file, replacing an older one.</summary>
    /// <param name="partialName">Name of the temporary file.</param>
    /// <exception cref="IOException">
    /// The disk is full or not writable; the file at <paramref name="path"/> is unchanged; no temporary file is left.
    /// </exception>
    public static void Write(string path, string partialName, Action<FileStream> body)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, partial = Path.Combine(folder, partialName);
        try
        {
            using (var file = new FileStream(partial, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                body(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
            FlushFolder(folder);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    /// <summary>Writes a file, replacing an older one, with a temporary file of its name and .partial.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> content) =>
        Write(path, Path.GetFileName(path) + ".partial", file => file.Write(content.Span));

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a leftover is overwritten or removed the next time
        }
    }

    // makes a rename durable after a power failure, for which .NET has no call; errors are ignored
    private static void FlushFolder(string folder)
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
