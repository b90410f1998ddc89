using System.Runtime.InteropServices;
using Naf.Host.Common;

namespace Naf.Host.Files;

/// <summary>
/// A file that a user asked for: whole or not there, and an error says what to do. A symbolic link stays, and what it
/// points to is written.
/// </summary>
internal static unsafe partial class OutputFile
{
    private const string Ending = ".partial";

    // statx(2): the struct is the same on every processor
    private const int RelativeToHere = -100, TypeWanted = 1, StructSize = 256, ModeAt = 28;
    private const int TypeBits = 0xF000, Regular = 0x8000;

    /// <summary>Writes a file, in place of an older one.</summary>
    /// <exception cref="UserException">It can't be written.</exception>
    public static void Write(string path, Action<FileStream> body)
    {
        Check(path);
        try
        {
            AtomicFile.Write(TargetOf(path), Path.GetFileName(PartialOf(path)), body);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e);
        }
        catch (ArgumentOutOfRangeException e) when (e.ParamName == "value")
        {
            // .NET's word for a file above the system's limit
            throw new UserException($"{path} can't be written: it is larger than the system allows (ulimit -f); raise "
                + "that, or name another file", e);
        }
    }

    /// <summary>
    /// Refuses a place where no file can be, before any work is done for it, and removes what killed processes
    /// left there.
    /// </summary>
    /// <exception cref="UserException">
    /// It is a folder, a device or a pipe, or in a folder that is not there or can't be written.
    /// </exception>
    public static void Check(string path)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name a file in it");
        if (IsSpecial(path)) throw new UserException($"{path} is a device or a pipe, not a file; name a file");
        string partial = PartialOf(path), folder = Path.GetDirectoryName(partial)!;
        if (!Directory.Exists(folder))
            throw new UserException($"{path} can't be written: there is no folder {folder}; make it first");
        try
        {
            foreach (string left in Directory.GetFiles(folder, $"{PartialName(path)}.*{Ending}").Where(IsAbandoned))
                File.Delete(left);
            File.Create(partial, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e);
        }
    }

    /// <summary>Where a file goes: its full path, with links followed.</summary>
    /// <exception cref="UserException">Links go in a circle.</exception>
    public static string TargetOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (IOException e)
        {
            throw Refused(path, e);
        }
    }

    /// <summary>
    /// What a file is called while it is written, beside its place: by the process, so that two don't write into
    /// the same.
    /// </summary>
    public static string PartialOf(string path) =>
        Path.Combine(Path.GetDirectoryName(TargetOf(path))!, $"{PartialName(path)}.{Environment.ProcessId}{Ending}");

    /// <summary>The error for a file that the system refuses.</summary>
    public static UserException Refused(string path, Exception e) =>
        new($"{path} can't be written: {e.Message.TrimEnd('.')}; free space, allow writing there, or name another file",
            e);

    private static string PartialName(string path) => $".{Path.GetFileName(TargetOf(path))}";

    // its process is no more
    private static bool IsAbandoned(string partial)
    {
        if (!int.TryParse(Path.GetExtension(partial[..^Ending.Length]).TrimStart('.'), NumberStyles.None,
            CultureInfo.InvariantCulture, out int id))
            return false;
        try
        {
            Process.GetProcessById(id).Dispose();
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    // whether something is there that is not a file with bytes of its own; links are followed; .NET has no call for it
    private static bool IsSpecial(string path)
    {
        if (!OperatingSystem.IsLinux() || !Path.Exists(path)) return false;
        byte* facts = stackalloc byte[StructSize];
        try
        {
            bool isThere = Stat(RelativeToHere, path, 0, TypeWanted, facts) == 0;
            return isThere && (*(ushort*)(facts + ModeAt) & TypeBits) != Regular;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library of before 2018
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int folder, string path, int flags, uint wanted, byte* facts);
}
