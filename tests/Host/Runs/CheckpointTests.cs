using Naf.Host.Common;
using Naf.Host.Runs;

namespace Naf.Tests;

public sealed class CheckpointTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(443)]
    [TestCase(200_001)]
    public void It_is_read_back_as_written(int length)
    {
        byte[] body = Body(length);
        CheckpointFile.Write(_folder["a.naf"], stream => stream.Write(body));
        Assert.That(ReadAll(_folder["a.naf"]), Is.EqualTo(body));
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1), "nothing is left beside it");
    }

    [Test]
    public void Any_changed_byte_is_noticed()
    {
        CheckpointFile.Write(_folder["a.naf"], stream => stream.Write(Body(31)));
        byte[] whole = File.ReadAllBytes(_folder["a.naf"]);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 4;
            File.WriteAllBytes(_folder["b.naf"], changed);
            Assert.That(() => ReadAll(_folder["b.naf"]), Throws.TypeOf<InvalidDataException>(), $"byte {i}");
        }
    }

    [Test]
    public void Any_cut_is_noticed()
    {
        CheckpointFile.Write(_folder["a.naf"], stream => stream.Write(Body(31)));
        byte[] whole = File.ReadAllBytes(_folder["a.naf"]);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder["b.naf"], whole[..length]);
            Assert.That(() => ReadAll(_folder["b.naf"]), Throws.TypeOf<InvalidDataException>(), $"{length} bytes");
        }
        File.WriteAllBytes(_folder["b.naf"], [.. whole, 0]);
        Assert.That(() => ReadAll(_folder["b.naf"]), Throws.TypeOf<InvalidDataException>(), "a byte too many");
    }

    [Test]
    public void A_failure_while_writing_leaves_what_was_there()
    {
        CheckpointFile.Write(_folder["a.naf"], stream => stream.Write(Body(31)));
        Assert.That(() => CheckpointFile.Write(_folder["a.naf"], stream =>
        {
            stream.Write(Body(100_000));
            throw new IOException("no space left");
        }), Throws.TypeOf<IOException>());
        Assert.That(ReadAll(_folder["a.naf"]), Is.EqualTo(Body(31)));
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_full_disk_leaves_what_was_there()
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("this system has no /dev/full, which stands for a full disk");
        var store = new CheckpointStore(_folder.Path);
        store.Save(10, stream => stream.Write(Body(31)));
        File.CreateSymbolicLink(_folder["writing.partial"], "/dev/full");
        Assert.That(() => store.Save(20, stream => stream.Write(Body(100_000))), Throws.InstanceOf<IOException>());
        Assert.That(store.Files, Has.Count.EqualTo(1));
        Assert.That(ReadAll(store.Files[0]), Is.EqualTo(Body(31)));
    }

    [Test]
    public void The_last_two_are_kept_newest_first()
    {
        var store = new CheckpointStore(_folder["checkpoint"]);
        Assert.That(store.Open(previous: false), Is.Null, "none yet");
        foreach (int step in (int[])[5, 90, 1000, 20_000]) store.Save(step, stream => stream.WriteByte((byte)step));
        Assert.That(store.Files.Select(Path.GetFileName), Is.EqualTo(new[] { "step-000000020000.naf", "step-000000001000.naf" }));
    }

    [Test]
    public void A_damaged_one_is_refused_and_the_previous_offered()
    {
        var store = new CheckpointStore(_folder.Path);
        store.Save(1, stream => stream.WriteByte(1));
        store.Save(2, stream => stream.WriteByte(2));
        File.WriteAllText(store.Files[0], "damaged");
        Assert.That(() => store.Open(previous: false), Throws.TypeOf<UserException>().With.Message.Contains("it is not a checkpoint of naf")
            .And.Message.Contains("resume from the one before it (step-000000000001.naf) by adding --checkpoint previous"));
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
