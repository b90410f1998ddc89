namespace Naf.Tests;

/// <summary>A folder that a test writes to, gone after it.</summary>
internal class TemporaryFolder : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("naf-tests-").FullName;

    /// <summary>A place in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Tests that write to a folder, each to one of its own.</summary>
internal abstract class FolderFixture
{
    private protected TemporaryFolder Folder { get; private set; } = null!;

    [SetUp]
    public void MakeFolder() => Folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => Folder.Dispose();

    /// <summary>Makes a file that takes no bytes, as on a full disk.</summary>
    private protected void PlaceFullDisk(string name)
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("this system has no /dev/full, which stands for a full disk");
        File.CreateSymbolicLink(Folder[name], "/dev/full");
    }
}
