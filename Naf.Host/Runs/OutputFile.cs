namespace Naf.Host;

/// <summary>A file that a user asked for: whole or not there, and an error says what to do.</summary>
internal static class OutputFile
{
    /// <summary>Writes a file, in place of an older one.</summary>
    /// <exception cref="UserException">It can't be written.</exception>
    public static void Write(string path, Action<FileStream> body)
    {
        Check(path);
        try
        {
            AtomicFile.Write(path, Path.GetFileName(PartialOf(path)), body);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e);
        }
    }

    /// <summary>Refuses a place where no file can be, before any work is done for it.</summary>
    /// <exception cref="UserException">It is a folder, or in a folder that is not there.</exception>
    public static void Check(string path)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name a file in it");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder)) throw new UserException($"{path} can't be written: there is no folder {folder}; make it first");
    }

    /// <summary>What a file is called while it is written, beside its place.</summary>
    public static string PartialOf(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Environment.ProcessId}.partial");

    /// <summary>The error for a file that the system refuses.</summary>
    public static UserException Refused(string path, Exception e) =>
        new($"{path} can't be written: {e.Message.TrimEnd('.')}; free space, allow writing there, or name another file", e);
}
