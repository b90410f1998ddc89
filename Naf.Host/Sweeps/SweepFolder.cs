using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Runs;

namespace Naf.Host.Sweeps;

/// <summary>
/// A sweep's folder: <c>sweep.yaml</c>, a copy of its file, a run's folder for each candidate, and rankings.
/// </summary>
internal static class SweepFolder
{
    /// <summary>Holds a new folder, or one of a sweep of this file.</summary>
    /// <returns>The lock; dispose of it.</returns>
    /// <exception cref="UserException">It is of something else, of another file, or in use.</exception>
    public static RunFolder Hold(string folder, string file)
    {
        string copy = Path.Combine(folder, "sweep.yaml");
        if (!File.Exists(copy) && Directory.Exists(folder)
            && Directory.EnumerateFileSystemEntries(folder).Any(entry => Path.GetFileName(entry) != RunFolder.Lock))
            throw Refused($"{folder} is not empty and holds no sweep; choose an empty or new folder");
        RunFolder held = RunFolder.TryHold(folder, "choose another")
            ?? throw Refused($"{folder} is in use by another process; let that end, or choose another");
        try
        {
            if (!File.Exists(copy))
                AtomicFile.Write(copy, File.ReadAllBytes(file));
            CheckSame(folder, copy, file);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void CheckSame(string folder, string copy, string file)
    {
        string[] made = Lines(copy), now = Lines(file);
        int i = 0;
        while (i < made.Length && i < now.Length && made[i] == now[i]) i++;
        if (i < made.Length || i < now.Length)
            throw Refused($"{folder} holds a sweep of another file: {copy} has '{made.ElementAtOrDefault(i)}' where "
                + $"{file} has '{now.ElementAtOrDefault(i)}'; bring that back, or choose another folder");

        // without comments and empty lines
        static string[] Lines(string file) => [.. File.ReadLines(file)
            .Select(line => line.Split(" #")[0].Trim()).Where(line => line.Length > 0 && line[0] != '#')];
    }

    private static UserException Refused(string message) => new(message) { Option = "--out DIR" };
}
