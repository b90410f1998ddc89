namespace Naf.Tests;

/// <summary>A temporary folder for a test, deleted afterwards.</summary>
internal class TemporaryFolder : IDisposable
{
    /// <summary>Its path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("naf-tests-").FullName;

    /// <summary>A path in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Base of tests that write files, each with its own folder.</summary>
internal abstract class FolderFixture
{
    private protected TemporaryFolder Folder { get; private set; } = null!;

    [SetUp]
    public void MakeFolder() => Folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => Folder.Dispose();

    /// <summary>Creates a file that accepts no bytes, as on a full disk.</summary>
    private protected void PlaceFullDisk(string name)
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("this system has no /dev/full, which stands for a full disk");
        File.CreateSymbolicLink(Folder[name], "/dev/full");
    }
}
