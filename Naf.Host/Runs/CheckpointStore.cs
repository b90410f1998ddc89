using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Runs;

/// <summary>
/// The checkpoints of a run, named by their step; the last two are kept. Files under a final name are complete.
/// </summary>
internal sealed class CheckpointStore(string folder)
{
    private const int Kept = 2, Digits = 12;
    private const string Prefix = "step-", Suffix = ".naf", Aside = ".aside";

    /// <summary>The files, newest first.</summary>
    public IReadOnlyList<string> Files =>
        Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, $"{Prefix}*{Suffix}").Where(IsOwn).OrderDescending(StringComparer.Ordinal)]
            : [];

    /// <summary>Whether an exception means that a checkpoint is damaged, of another version or not readable.</summary>
    public static bool IsUnusable(Exception e) =>
        e is InvalidDataException or NotSupportedException or IOException or UnauthorizedAccessException;

    /// <summary>Writes a checkpoint, then removes all but the last two.</summary>
    /// <exception cref="IOException">The file can't be written; earlier ones are unchanged.</exception>
    public void Save(long step, CheckpointWriter checkpoint)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Prefix + step.ToString($"D{Digits}", CultureInfo.InvariantCulture) + Suffix);
        AtomicFile.Write(path, "writing.partial", checkpoint.WriteTo);
        foreach (string old in Files.Skip(Kept)) File.Delete(old);
    }

    /// <summary>Opens and verifies the checkpoint to resume from; null when there is none yet.</summary>
    /// <param name="previous">Whether to use the one before the newest.</param>
    /// <exception cref="UserException">
    /// It is damaged or was set aside, or there is no previous one; the message names the alternatives.
    /// </exception>
    public (CheckpointReader Checkpoint, string Path)? Open(bool previous)
    {
        IReadOnlyList<string> files = Files;
        if (files.Count == 0) RefuseIfSetAside();
        if (previous && files.Count < 2)
            throw new UserException($"{folder} holds no previous checkpoint; resume from the latest");
        if (files.Count == 0) return null;
        string path = files[previous ? 1 : 0];
        try
        {
            return (new CheckpointReader(File.OpenRead(path)), path);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw Refusal(path, e);
        }
    }

    /// <summary>Reads from the newest checkpoint that can be used.</summary>
    /// <param name="read">Reads from a checkpoint whose hash is right, which it owns.</param>
    /// <param name="warn">Receives a sentence for each checkpoint that is skipped.</param>
    /// <exception cref="UserException">There is none.</exception>
    public T ReadNewest<T>(Func<CheckpointReader, T> read, Action<string> warn)
    {
        string? problem = null;
        foreach (string path in Files)
        {
            try
            {
                return read(new CheckpointReader(File.OpenRead(path)));
            }
            catch (Exception e) when (IsUnusable(e))
            {
                problem = e.Message;
                warn($"the checkpoint {path} can't be used: {problem}");
            }
        }
        if (problem is not null) throw new UserException($"no checkpoint of the run can be used: {problem}");
        RefuseIfSetAside();
        throw new UserException(
            $"there is no checkpoint in {folder}; bring it back if it was lost, or else let the run train for longer");
    }

    /// <summary>The exception for an unusable checkpoint, which names the alternatives.</summary>
    public UserException Refusal(string path, Exception reason)
    {
        string problem = $"the checkpoint {path} can't be used: {reason.Message}";
        // of other networks or seeds: an older checkpoint has the same, and the reason has its own remedy
        if (reason.Message.Contains(';')) return new(problem, reason);
        if (reason is NotSupportedException || path != Files[0] || Files.Count < 2)
            return new($"{problem}; start the run again in another folder", reason);
        return new($"{problem}; resume from the previous one, {Path.GetFileName(Files[1])}", reason)
        {
            Option = "--checkpoint previous",
        };
    }

    // step-000000000600.naf, and no copy under another name
    private static bool IsOwn(string path) =>
        Path.GetFileNameWithoutExtension(path)[Prefix.Length..] is { Length: Digits } step
        && step.All(char.IsAsciiDigit);

    /// <summary>Renames every checkpoint newer than the one resumed from, since it will be made again.</summary>
    public void SetAsideNewerThan(string path)
    {
        foreach (string newer in Files.TakeWhile(f => f != path)) File.Move(newer, newer + Aside, overwrite: true);
    }

    // throws if all checkpoints were set aside; for callers that found no other
    private void RefuseIfSetAside()
    {
        string? newest = !Directory.Exists(folder) ? null
            : Directory.GetFiles(folder, $"{Prefix}*{Suffix}{Aside}").Order(StringComparer.Ordinal).LastOrDefault();
        if (newest is not null)
            throw new UserException($"{folder} holds only checkpoints that were set aside when the run went on from an "
                + $"earlier one; to use the newest, remove {Aside} from the name of {Path.GetFileName(newest)}");
    }
}
