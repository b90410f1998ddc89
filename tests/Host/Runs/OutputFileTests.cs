using Naf.Host.Common;
using Naf.Host.Files;

namespace Naf.Tests;

/// <summary>An output file replaces only files, and an unfinished one leaves nothing behind.</summary>
internal sealed class OutputFileTests : FolderFixture
{
    [Test]
    [Platform("Linux")]
    public void Devices_and_pipes_are_refused_and_stay()
    {
        string pipe = Folder["pipe"];
        Process.Start("mkfifo", pipe).WaitForExit();
        File.CreateSymbolicLink(Folder["link"], pipe);
        foreach (string path in (string[])["/dev/null", pipe, Folder["link"]])
            Assert.That(() => Write(path), Throws.TypeOf<UserException>()
                .With.Message.EqualTo($"{path} is a device or a pipe, not a file; name a file"));
        Assert.That(Names, Is.EquivalentTo(new[] { "link", "pipe" }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_link_stays_and_its_target_is_written(bool isThere)
    {
        Directory.CreateDirectory(Folder["elsewhere"]);
        if (isThere) File.WriteAllText(Folder["elsewhere/target"], "older");
        File.CreateSymbolicLink(Folder["first"], "second");
        File.CreateSymbolicLink(Folder["second"], "elsewhere/target");
        Write(Folder["first"]);
        Assert.That(new FileInfo(Folder["first"]).LinkTarget, Is.EqualTo("second"));
        Assert.That(File.ReadAllText(Folder["elsewhere/target"]), Is.EqualTo("new"));
        Assert.That(Directory.GetFiles(Folder["elsewhere"]), Has.Length.EqualTo(1));
    }

    [Test]
    public void Links_in_a_circle_are_refused()
    {
        File.CreateSymbolicLink(Folder["a"], "b");
        File.CreateSymbolicLink(Folder["b"], "a");
        Assert.That(() => Write(Folder["a"]),
            Throws.TypeOf<UserException>().With.Message.StartsWith($"{Folder["a"]} can't be written: "));
    }

    [Test]
    [Platform("Linux")]
    public void AFolder_that_takes_no_files_is_refused_before_any_work() =>
        Assert.That(() => OutputFile.Check("/proc/a.png"),
            Throws.TypeOf<UserException>().With.Message.StartsWith("/proc/a.png can't be written: "));

    [Test]
    public void What_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not()
    {
        using Process killed = Process.Start("sleep", "60"), living = Process.Start("sleep", "60");
        string left = $".a.png.{killed.Id}.partial";
        string[] others = [$".a.png.{living.Id}.partial", $".b.png.{killed.Id}.partial", ".a.png.note.partial"];
        foreach (string name in others.Append(left)) File.WriteAllText(Folder[name], "half");
        killed.Kill();
        killed.WaitForExit();
        Write(Folder["a.png"]);
        Assert.That(Names, Is.EquivalentTo(others.Append("a.png")));
        living.Kill();
        living.WaitForExit();
    }

    private IEnumerable<string> Names =>
        Directory.GetFileSystemEntries(Folder.Path).Select(path => Path.GetFileName(path));

    private static void Write(string path) => OutputFile.Write(path, file => file.Write("new"u8));
}
