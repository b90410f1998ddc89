using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>All files of a task are found, wherever its model looks for them.</summary>
internal sealed class TaskFilesTests : FolderFixture
{
    private const string Task = "name: t\ndescription: d\nmodel: MODEL # its model\nsubsteps: 1\nhorizon: 1\n";

    [Test]
    public void Includes_and_assets_of_every_kind()
    {
        Write("t.yaml", Task.Replace("MODEL", "m.xml"));
        Write("m.xml", """
            <?xml version="1.0"?><mujoco><!-- <mesh file="no.stl"/> -- <include file="no.xml"/> -->
            <compiler assetdir="none" meshdir='meshes' texturedir="pictures"/><include file="parts/a.xml"/>
            <asset><mesh file = "a &amp; b.stl"/><hfield name="h" file="h.png"/><skin file="s.skn"/>
            <texture file="t.png"/><texture fileright="r.png" fileleft='l.png'/><mesh file="missing.stl"/></asset>
            </mujoco>
            """);
        Write("parts/a.xml", "<mujocoinclude><Include file=\"parts/b.xml\"/><include file='c.xml'/></mujocoinclude>");
        Write("parts/b.xml", "<mujocoinclude><asset><mesh file=\"b.stl\"/></asset></mujocoinclude>");
        string[] others = ["parts/c.xml", "meshes/a & b.stl", "meshes/h.png", "meshes/s.skn", "meshes/b.stl",
            "pictures/t.png", "pictures/r.png", "pictures/l.png"];
        foreach (string name in others) Write(name, name);
        Write("no.xml", "");
        Write("no.stl", "");
        Write("meshes/t.png", "not a mesh");
        AssertFound("t.yaml", ["t.yaml", "m.xml", "parts/a.xml", "parts/b.xml", .. others]);
    }

    [Test]
    public void Stripped_paths()
    {
        Write("t.yaml", Task.Replace("MODEL", "m.xml"));
        Write("m.xml",
            "<mujoco><compiler strippath=\"true\"/><asset><mesh file=\"/no/where/a.stl\"/></asset></mujoco>");
        Write("a.stl", "a");
        AssertFound("t.yaml", "t.yaml", "m.xml", "a.stl");
    }

    [Test]
    public void Files_above_the_task_keep_their_place()
    {
        Write("tasks/t.yaml", Task.Replace("MODEL", "../models/m.xml"));
        Write("models/m.xml",
            "<mujoco><compiler meshdir=\"x/y\"/><asset><mesh file=\"../../../a.stl\"/></asset></mujoco>");
        Directory.CreateDirectory(Folder["models/x/y"]);
        Write("a.stl", "a");
        AssertFound("tasks/t.yaml", "tasks/t.yaml", "models/m.xml", "a.stl");
        Assert.That(TaskFiles.Of(Folder["tasks/t.yaml"]).Folders, Has.Member("models/x/y"));
    }

    [Test]
    public void Absolute_paths_become_relative()
    {
        Write("tasks/t.yaml", Task.Replace("MODEL", Folder["models/m.xml"]));
        Write("models/m.xml", $"""
            <mujoco><compiler meshdir="{Folder["meshes"]}"/><include file="{Folder["é/i.xml"]}"/>
            <asset><mesh file="a.stl"/><texture file='{Folder["é/t.png"]}'/></asset></mujoco>
            """);
        Write("é/i.xml", $"<mujocoinclude><asset><mesh file=\"{Folder["é/b.stl"]}\"/></asset></mujocoinclude>");
        foreach (string name in (string[])["meshes/a.stl", "é/t.png", "é/b.stl"]) Write(name, name);
        Dictionary<string, string> files = TaskFiles.Of(Folder["tasks/t.yaml"]).Files
            .ToDictionary(f => f.Name, f => Encoding.UTF8.GetString(f.Content));
        Assert.That(files.Keys, Is.EquivalentTo(
            new[] { "tasks/t.yaml", "models/m.xml", "é/i.xml", "meshes/a.stl", "é/t.png", "é/b.stl" }));
        Assert.That(files["tasks/t.yaml"], Does.Contain("model: '../models/m.xml' # its model"));
        Assert.That(files["models/m.xml"].Replace("&#233;", "é"), Does.Contain("meshdir=\"../meshes\"")
            .And.Contain("file=\"../é/i.xml\"").And.Contain("file=\"a.stl\"").And.Contain("file='../é/t.png'"));
        Assert.That(files["é/i.xml"].Replace("&#233;", "é"), Does.Contain("file=\"../é/b.stl\""));
    }

    private void AssertFound(string task, params string[] names)
    {
        (string Name, byte[] Content)[] files = [.. TaskFiles.Of(Folder[task]).Files];
        Assert.That(files[0].Name, Is.EqualTo(names[0]));
        Assert.That(files.Select(f => f.Name), Is.EquivalentTo(names));
        foreach ((string name, byte[] content) in files)
            Assert.That(content, Is.EqualTo(File.ReadAllBytes(Folder[name])), name);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Folder[name])!);
        File.WriteAllText(Folder[name], text);
    }
}
