namespace Naf.Host.Files;

/// <summary>
/// Writes a file beside its place, flushes it to the disk and renames it, so that a file under its final name is always whole, whatever
/// happens to the process or the power.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Writes a file, in place of an older one.</summary>
    /// <param name="path">Its final place.</param>
    /// <param name="partialName">What it is called while it is written.</param>
    /// <param name="body">Writes it all.</param>
    /// <exception cref="IOException">
    /// The disk is full or cannot be written; what was at <paramref name="path"/> is untouched, and nothing is left beside it.
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
            DurableFolder.Flush(folder);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

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
}
