using System.Security.Cryptography;
using Naf.Host.Runs;

namespace Naf.Tests;

/// <summary>
/// Random changes of the files of a run: commands that read it succeed or end with a sentence, and never with a report
/// of an error of naf.
/// </summary>
internal sealed class RunFuzzTests : FolderFixture
{
    [SetUp]
    public void Train() => TinyRun.Train(Folder["run"], 4);

    [Test]
    public void Files_of_a_run() => Try(random =>
    {
        string[] texts = ["config.yaml", "config.yaml", "metrics.csv", "timing.csv", "verification.csv"];
        string name = random.Next(8) == 0 ? Path.Combine("task", "cartpole.yaml") : texts[random.Next(texts.Length)];
        return (name, Fuzz.Mutated(random, File.ReadAllText(Folder[Path.Combine("run", name)])));
    });

    [Test]
    public void Checkpoints_whose_bytes_are_changed() => Try(random =>
    {
        string file = Newest();
        return (Path.Combine("checkpoint", Path.GetFileName(file)), Fuzz.Mutated(random, File.ReadAllBytes(file)));
    });

    /// <summary>Beyond the checksum: what is read must be checked itself.</summary>
    [Test]
    public void Checkpoints_whose_checksum_is_right() => Try(random =>
    {
        string file = Newest();
        byte[] whole = File.ReadAllBytes(file);
        int length = BitConverter.ToInt32(whole);
        byte[] header = whole[8..(8 + length)], data = whole[(8 + length)..];
        if (random.Next(2) == 0) header = Fuzz.Mutated(random, Encoding.UTF8.GetString(header));
        else
            for (int n = random.Next(1, 100); n > 0; n--) data[random.Next(data.Length)] = (byte)random.Next(256);
        return (Path.Combine("checkpoint", Path.GetFileName(file)), Signed(header, data));
    });

    private string Newest() => RunFolder.CheckpointsOf(Folder["run"]).Files[0];

    // a checkpoint with the right length and checksum, if its header has a place for one
    private static byte[] Signed(byte[] header, byte[] data)
    {
        const string Key = "\"sha256\":\"";
        int place = header.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Key)) + Key.Length;
        byte[] whole = [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];
        if (place < Key.Length || place + 64 > header.Length) return whole;
        whole.AsSpan(8 + place, 64).Fill((byte)'0');
        Encoding.UTF8.GetBytes(Convert.ToHexStringLower(SHA256.HashData(whole))).CopyTo(whole, 8 + place);
        return whole;
    }

    // changes a file of a copy of the run and reads the copy by a command
    private void Try(Func<Random, (string File, byte[] Content)> change)
    {
        (int succeeded, int failed) = (0, 0);
        string copy = Folder["copy"];
        Fuzz.Run((random, show) =>
        {
            if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
            foreach (string file in Directory.GetFiles(Folder["run"], "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(copy, Path.GetRelativePath(Folder["run"], file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }
            (string name, byte[] content) = change(random);
            File.WriteAllBytes(Path.Combine(copy, name), content);
            string[][] commands =
            [
                ["train", "--resume", copy, "--episodes", "5"],
                ["train", "--resume", copy, "--episodes", "5", "--accept-changes"],
                ["train", "--resume", copy, "--episodes", "5", "--checkpoint", "previous"],
                ["evaluate", copy, "--episodes", "1"], ["evaluate", copy, "--episodes", "1", "--policy", "best"],
                ["report", copy, "--out", Folder["report"]],
                ["export", copy, "--out", Folder["policy.safetensors"]],
            ];
            string[] command = commands[random.Next(commands.Length)];
            show($"naf {string.Join(' ', command)}\n{name}:\n{Encoding.UTF8.GetString(content)}");
            (int exitCode, _, string error) = TinyRun.Cli(command);
            string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (string line in lines) Fuzz.AssertSentence(line, error);
            if (exitCode == 0) succeeded++;
            else if (exitCode == 1 && lines.Length > 0) failed++;
            else throw new AssertionException($"exit code {exitCode}: {error}");
        });
        Assert.That((succeeded > 0, failed > 0), Is.EqualTo((true, true)), "some of both");
        TestContext.Out.WriteLine($"{succeeded} succeeded, {failed} failed");
    }
}
