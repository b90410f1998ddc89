using Naf.Host.Common;

namespace Naf.Host.Runs;

/// <summary>
/// The folder of a run: <c>config.yaml</c>, <c>metrics.csv</c> (a row per episode and learner), <c>timing.csv</c>
/// (wall-clock times), <c>checkpoint/</c> and, once the episodes are done, <c>verification.csv</c>. One process at a
/// time holds it, by a lock that is released when the process ends, however it ends.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly FileStream _lock;
    private bool _isNew, _isMade;

    private const string Another = "choose another";

    /// <summary>The file that a process holds.</summary>
    public const string Lock = ".lock";

    private RunFolder(string path, FileStream heldLock)
    {
        FullPath = path;
        _lock = heldLock;
        Checkpoints = CheckpointsOf(path);
    }

    public string FullPath { get; }

    public string MetricsPath => MetricsOf(FullPath);

    public string TimingPath => TimingOf(FullPath);

    public string VerificationPath => VerificationOf(FullPath);

    public CheckpointStore Checkpoints { get; }

    public static string ConfigOf(string folder) => Path.Combine(folder, "config.yaml");

    public static string MetricsOf(string folder) => Path.Combine(folder, "metrics.csv");

    public static string TimingOf(string folder) => Path.Combine(folder, "timing.csv");

    public static string VerificationOf(string folder) => Path.Combine(folder, "verification.csv");

    public static CheckpointStore CheckpointsOf(string folder) => new(Path.Combine(folder, "checkpoint"));

    public static bool IsRun(string folder) => File.Exists(ConfigOf(folder));

    /// <summary>
    /// Creates the folder of a new run: <paramref name="folder"/>, or else runs/NAME-N with the first free N.
    /// </summary>
    /// <exception cref="UserException">The folder is not empty or can't be created.</exception>
    public static RunFolder Create(string? folder, string name)
    {
        if (folder is not null)
        {
            if (folder.Length == 0) throw new UserException("the run's folder has no name; give one, or leave it out");
            if (File.Exists(folder)) throw new UserException($"{folder} is a file; choose an empty or new folder");
            if (!IsRun(folder) && HoldsAnything(folder))
                throw new UserException($"{folder} is not empty and holds no run; choose an empty or new folder");
            bool made = !Directory.Exists(folder);
            RunFolder chosen = TryHold(folder, Another)
                ?? throw new UserException($"{folder} is in use by another process or run; {Another}");
            if (!IsRun(folder)) return chosen.AsNew(made);
            chosen.Dispose();
            throw new UserException($"{folder} already holds a run; choose another, or resume it")
            {
                Option = $"naf train --resume {folder}",
            };
        }
        for (int n = 1; ; n++)
        {
            string candidate = Path.Combine("runs", $"{name}-{n}");
            if (HoldsAnything(candidate)) continue;
            bool made = !Directory.Exists(candidate);
            RunFolder? free = TryHold(candidate, Another);
            if (free is not null && !IsRun(candidate)) return free.AsNew(made);
            free?.Dispose();
        }
    }

    /// <summary>Opens the folder of a run that exists.</summary>
    /// <exception cref="UserException">The folder is not a run's, or is in use.</exception>
    public static RunFolder Open(string folder) => IsRun(folder)
        ? TryHold(folder, "allow writing there, or copy the run to where it can be written")
            ?? throw new UserException($"{folder} is in use by another process or run; let that end, or dispose of it")
        : throw NoRun(folder);

    /// <summary>The exception for a folder that is not a run's.</summary>
    public static UserException NoRun(string folder) => new(
        (Directory.Exists(folder)
            ? $"{folder} is not a run's folder: it has no config.yaml" : $"there is no folder '{folder}'")
        + "; name the folder of a run");

    /// <summary>Releases the folder; of a new one that became no run, nothing is left.</summary>
    public void Dispose()
    {
        if (_isNew && !IsRun(FullPath))
            try
            {
                // while it is held, so that nobody else loses a lock
                File.Delete(Path.Combine(FullPath, Lock));
                if (_isMade) Directory.Delete(FullPath);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // something else is in it, or the system deletes no file that is open
            }
        _lock.Dispose();
    }

    private RunFolder AsNew(bool made)
    {
        (_isNew, _isMade) = (true, made);
        return this;
    }

    private static bool HoldsAnything(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder)
            .Any(entry => Path.GetFileName(entry) != Lock);

    /// <summary>Creates a folder if needed and holds it; null when another process does.</summary>
    /// <exception cref="UserException">It can't be written; the message ends with the remedy.</exception>
    public static RunFolder? TryHold(string folder, string remedy)
    {
        folder = Path.TrimEndingDirectorySeparator(folder);
        try
        {
            Directory.CreateDirectory(folder);
            return new RunFolder(folder, new FileStream(Path.Combine(folder, Lock), FileMode.OpenOrCreate,
                FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"the folder {folder} can't be written: {e.Message.TrimEnd('.')}; {remedy}", e);
        }
    }

    // the code of Windows, and EWOULDBLOCK of Linux and macOS
    private static bool IsSharingViolation(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
