using System.Runtime.InteropServices;
using Naf.Host.Common;

namespace Naf.Host.Files;

/// <summary>
/// An output file requested by the user: complete or absent, with errors that name the remedy. A symbolic link is kept,
/// and its target is written.
/// </summary>
internal static unsafe partial class OutputFile
{
    private const string Ending = ".partial";

    // statx(2): the struct has the same layout on every architecture
    private const int RelativeToHere = -100, TypeWanted = 1, StructSize = 256, ModeAt = 28;
    private const int TypeBits = 0xF000, Regular = 0x8000;

    /// <summary>Writes a file, replacing an older one.</summary>
    /// <exception cref="UserException">The file can't be written.</exception>
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
            // .NET's exception for a file above the system's size limit
            throw new UserException(
                $"{path} can't be written: it is larger than the system allows (ulimit -f); raise that, or name "
                + "another file", e);
        }
    }

    /// <summary>
    /// Checks, before any work is done, that a file can be written, and removes temporary files of killed processes.
    /// </summary>
    /// <exception cref="UserException">
    /// It is a folder, device or pipe, or its folder is missing or not writable.
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

    /// <summary>
    /// As <see cref="Check"/>, for a CSV file, which replaces only a file of its kind or an empty one.
    /// </summary>
    /// <param name="kind">What it is, such as "trajectory".</param>
    /// <param name="isHeader">Whether a line is the first of such a file.</param>
    /// <exception cref="UserException">
    /// The name does not end in .csv, no file can be there, or an existing one can't be read or is of another kind.
    /// </exception>
    public static void CheckCsv(string path, string kind, Func<string, bool> isHeader)
    {
        Check(path);
        if (!Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
            throw new UserException($"{path}: expected a name that ends in .csv, as a {kind} is");
        try
        {
            string target = TargetOf(path);
            if (File.Exists(target) && File.ReadLines(target).FirstOrDefault() is { } first && !isHeader(first))
                throw new UserException($"{path} is there already and is no {kind}; name another file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{path} can't be read: {e.Message.TrimEnd('.')}; allow reading it, or name another file", e);
        }
    }

    /// <summary>Makes a folder for files requested by the user, unless it is there.</summary>
    /// <exception cref="UserException">It is a file, or can't be made.</exception>
    public static void MakeFolder(string folder)
    {
        if (File.Exists(folder)) throw new UserException($"{folder} is a file; name a folder");
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(folder, e);
        }
    }

    /// <summary>The full path of a file, with links resolved.</summary>
    /// <exception cref="UserException">The links are circular.</exception>
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
    /// Path of the temporary file, in the target folder; it contains the process ID, so that processes do not share it.
    /// </summary>
    public static string PartialOf(string path) =>
        Path.Combine(Path.GetDirectoryName(TargetOf(path))!, $"{PartialName(path)}.{Environment.ProcessId}{Ending}");

    /// <summary>The exception for a file that the system refuses to write.</summary>
    public static UserException Refused(string path, Exception e) =>
        new($"{path} can't be written: {e.Message.TrimEnd('.')}; free space, allow writing there, or name another file",
            e);

    private static string PartialName(string path) => $".{Path.GetFileName(TargetOf(path))}";

    // whether its process has ended
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

    // whether the path exists and is not a regular file; links are followed; .NET has no call for it
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
            return false; // a C library from before 2018
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int folder, string path, int flags, uint wanted, byte* facts);
}
