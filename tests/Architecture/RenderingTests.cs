namespace Naf.Tests;

/// <summary>Training neither needs nor loads the rendering libraries.</summary>
internal sealed class RenderingTests : FolderFixture
{
    [Test]
    public void Only_the_renderer_knows_of_egl() => Assert.That(
        Mentioning("libEGL", "EglLibrary", "VisualFunctions"), Is.All.StartsWith("Naf.Sim/Rendering/").And.Not.Empty);

    [Test]
    public void Only_pictures_use_the_renderer() => Assert.That(
        Mentioning("StateRenderer").Where(file => !file.StartsWith("Naf.Sim/Rendering/", StringComparison.Ordinal)),
        Is.All.StartsWith("Naf.Host/Pictures/").And.Not.Empty);

    [Test]
    [Platform("Linux")]
    public void A_training_process_loads_no_egl()
    {
        // the dynamic loader reports the libraries that it loads
        using var naf = new ChildProcess(
            "", [("LD_DEBUG", "files"), ("LD_DEBUG_OUTPUT", Folder["loaded"])], TinyRun.Arguments(Folder["run"], 1));
        Assert.That(naf.Wait(), Is.Zero, naf.Error.Result);
        string loaded = string.Concat(Directory.GetFiles(Folder.Path, "loaded*").Select(File.ReadAllText));
        Assert.That(loaded, Does.Contain("libmujoco").And.Not.Contain("libEGL").And.Not.Contain("libGL"));
    }

    private static string[] Mentioning(params string[] words) =>
    [
        .. from file in Repository.Sources(Repository.Product)
           let text = File.ReadAllText(Path.Combine(Repository.Root, file))
           where words.Any(word => text.Contains(word, StringComparison.Ordinal))
           select file,
    ];
}
