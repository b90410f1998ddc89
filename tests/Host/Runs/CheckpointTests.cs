using Naf.Host.Common;
using Naf.Host.Runs;

namespace Naf.Tests;

internal sealed class CheckpointTests : FolderFixture
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(443)]
    [TestCase(200_001)]
    public void It_is_read_back_as_written(int length)
    {
        byte[] body = Body(length);
        CheckpointFile.Write(Folder["a.naf"], stream => stream.Write(body));
        Assert.That(ReadAll(Folder["a.naf"]), Is.EqualTo(body));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1), "nothing is left beside it");
    }

    [Test]
    public void Any_changed_or_missing_byte_is_noticed()
    {
        CheckpointFile.Write(Folder["a.naf"], stream => stream.Write(Body(31)));
        byte[] whole = File.ReadAllBytes(Folder["a.naf"]);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 4;
            AssertRefused(changed, $"byte {i}");
            AssertRefused(whole[..i], $"{i} bytes");
        }
        AssertRefused([.. whole, 0], "a byte too many");

        void AssertRefused(byte[] bytes, string how)
        {
            File.WriteAllBytes(Folder["b.naf"], bytes);
            Assert.That(() => ReadAll(Folder["b.naf"]), Throws.TypeOf<InvalidDataException>(), how);
        }
    }

    [Test]
    public void A_failure_while_writing_leaves_what_was_there()
    {
        CheckpointFile.Write(Folder["a.naf"], stream => stream.Write(Body(31)));
        Assert.That(() => CheckpointFile.Write(Folder["a.naf"], stream =>
        {
            stream.Write(Body(100_000));
            throw new IOException("no space left");
        }), Throws.TypeOf<IOException>());
        Assert.That(ReadAll(Folder["a.naf"]), Is.EqualTo(Body(31)));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void The_last_two_are_kept_newest_first()
    {
        var store = new CheckpointStore(Folder["checkpoint"]);
        Assert.That(store.Open(previous: false), Is.Null, "none yet");
        foreach (int step in (int[])[5, 90, 1000, 20_000]) store.Save(step, stream => stream.WriteByte((byte)step));
        Assert.That(store.Files.Select(Path.GetFileName), Is.EqualTo(new[] { "step-000000020000.naf", "step-000000001000.naf" }));
    }

    [Test]
    public void A_damaged_one_is_refused_and_the_previous_offered()
    {
        var store = new CheckpointStore(Folder.Path);
        store.Save(1, stream => stream.WriteByte(1));
        store.Save(2, stream => stream.WriteByte(2));
        File.WriteAllText(store.Files[0], "damaged");
        Assert.That(() => store.Open(previous: false), Throws.TypeOf<UserException>().With.Message.Contains("it is not a checkpoint of naf")
            .And.Message.Contains("resume from the previous one, step-000000000001.naf"));
        (Stream payload, string path) = store.Open(previous: true)!.Value;
        Assert.That(payload.ReadByte(), Is.EqualTo(1));
        payload.Dispose();
        store.SetAsideNewerThan(path);
        Assert.That(store.Files, Is.EqualTo(new[] { path }));
        Assert.That(() => store.Open(previous: true), Throws.TypeOf<UserException>().With.Message.Contains("holds no previous checkpoint"));
    }

    private static byte[] Body(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31))];

    private static byte[] ReadAll(string path)
    {
        using Stream payload = CheckpointFile.Read(path);
        using var copy = new MemoryStream();
        payload.CopyTo(copy);
        return copy.ToArray();
    }
}
