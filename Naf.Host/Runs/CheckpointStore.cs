using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Runs;

/// <summary>
/// The checkpoints of a run, named by the step at which they were made; the last two are kept. Under its final name
/// one is always whole.
/// </summary>
internal sealed class CheckpointStore(string folder)
{
    private const int Kept = 2;
    private const string Prefix = "step-", Suffix = ".naf";

    /// <summary>The files, the newest first.</summary>
    public IReadOnlyList<string> Files =>
        Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, $"{Prefix}*{Suffix}").OrderDescending(StringComparer.Ordinal)] : [];

    /// <summary>Writes a checkpoint, then removes all but the last two.</summary>
    /// <exception cref="IOException">It can't be written; those before it are untouched.</exception>
    public void Save(long step, CheckpointWriter checkpoint)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Prefix + step.ToString("D12", CultureInfo.InvariantCulture) + Suffix);
        AtomicFile.Write(path, "writing.partial", checkpoint.WriteTo);
        foreach (string old in Files.Skip(Kept)) File.Delete(old);
    }

    /// <summary>Opens the checkpoint to resume from, checked; null when there is none yet.</summary>
    /// <param name="previous">Whether to take the one before the newest.</param>
    /// <exception cref="UserException">
    /// It is damaged, or there is no previous one; the message offers what is left.
    /// </exception>
    public (CheckpointReader Checkpoint, string Path)? Open(bool previous)
    {
        IReadOnlyList<string> files = Files;
        if (previous && files.Count < 2)
            throw new UserException($"{folder} holds no previous checkpoint; resume from the latest");
        if (files.Count == 0) return null;
        string path = files[previous ? 1 : 0];
        try
        {
            return (new CheckpointReader(File.OpenRead(path)), path);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            throw Refusal(path, e);
        }
    }

    /// <summary>The error for a checkpoint that can't be used, which offers what is left.</summary>
    public UserException Refusal(string path, Exception reason)
    {
        string problem = $"the checkpoint {path} can't be used: {reason.Message}";
        if (reason is NotSupportedException || path != Files[0] || Files.Count < 2)
            return new($"{problem}; start the run again in another folder", reason);
        return new($"{problem}; resume from the previous one, {Path.GetFileName(Files[1])}", reason)
        {
            Option = "--checkpoint previous",
        };
    }

    /// <summary>
    /// Sets aside, under another name, every checkpoint newer than the one resumed from: they will be made again.
    /// </summary>
    public void SetAsideNewerThan(string path)
    {
        foreach (string newer in Files.TakeWhile(f => f != path)) File.Move(newer, newer + ".aside", overwrite: true);
    }
}
