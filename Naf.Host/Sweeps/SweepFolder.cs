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

    /// <summary>Checks that a folder is of a sweep of this file, without holding it.</summary>
    /// <exception cref="UserException">It is of another file, or holds no sweep.</exception>
    public static void Check(string folder, string file)
    {
        string copy = Path.Combine(folder, "sweep.yaml");
        if (!File.Exists(copy))
            throw new UserException($"{folder} holds no sweep yet; submit it first, or choose its folder")
            {
                Option = "--slurm, or --out DIR",
            };
        CheckSame(folder, copy, file);
    }

    /// <summary>Removes from a candidate's folder what a process left that was killed before its run began.</summary>
    public static void Clear(string folder)
    {
        string task = Path.Combine(folder, "task"), config = RunFolder.ConfigOf(folder) + ".partial";
        if (!Directory.Exists(task)) return;
        using RunFolder? held = RunFolder.TryHold(folder, "choose another");
        // a process that holds it is beginning the run now
        if (held is null || RunFolder.IsRun(folder)) return;
        Directory.Delete(task, recursive: true);
        File.Delete(config);
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
