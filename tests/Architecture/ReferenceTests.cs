using System.Xml.Linq;

namespace Naf.Tests;

/// <summary>Which project may reference which; between folders see <see cref="FolderTests"/>.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Naf.Gpu"] = [],
        ["Naf.Kernels"] = ["Naf.Gpu"],
        ["Naf.Checks"] = ["Naf.Gpu", "Naf.Kernels"],
        ["Naf.Sim"] = ["Naf.Kernels"],
        ["Naf.Host"] = ["Naf.Gpu", "Naf.Kernels", "Naf.Sim"],
        ["Naf.Cli"] = ["Naf.Host", "Naf.Checks"],
        ["docs/examples/beam-steering/BeamSteering"] = ["Naf.Host"],
        ["perf/Naf.Perf"] = ["Naf.Gpu", "Naf.Kernels", "Naf.Checks", "Naf.Sim", "Naf.Host", "Naf.Cli"],
    };

    private static IEnumerable<string> Projects => Allowed.Keys;

    [TestCaseSource(nameof(Projects))]
    public void A_project_references_what_it_may(string project)
    {
        string file = Path.Combine(Repository.Root, project.Contains('/') ? $"{project}.csproj" : $"{project}/{project}.csproj");
        IEnumerable<string> references = XDocument.Load(file).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.That(references, Is.SubsetOf(Allowed[project]));
    }

    [Test]
    public void Every_project_is_on_the_map()
    {
        IEnumerable<string> projects = Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetFileNameWithoutExtension(p)).Where(p => p != "Naf.Tests");
        Assert.That(projects, Is.EquivalentTo(Allowed.Keys.Select(k => Path.GetFileName(k))));
    }
}
