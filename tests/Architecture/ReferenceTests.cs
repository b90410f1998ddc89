using System.Reflection;
using System.Xml.Linq;
using Naf.Gpu;
using Naf.Host;
using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Who may reference whom: Gpu → nothing; Kernels → Gpu; Sim → Kernels; Host → all three.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Naf.Gpu"] = [],
        ["Naf.Kernels"] = ["Naf.Gpu"],
        ["Naf.Sim"] = ["Naf.Kernels"],
        ["Naf.Host"] = ["Naf.Gpu", "Naf.Kernels", "Naf.Sim"],
        ["perf/Naf.Perf"] = ["Naf.Gpu", "Naf.Kernels", "Naf.Sim", "Naf.Host"],
    };

    private static readonly Assembly[] Assemblies =
        [typeof(Device).Assembly, typeof(NafPopulation).Assembly, typeof(ControlTask).Assembly, typeof(NafAgent).Assembly];

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

    [Test]
    public void An_assembly_references_what_it_may()
    {
        foreach (Assembly assembly in Assemblies)
        {
            string name = assembly.GetName().Name == "naf" ? "Naf.Host" : assembly.GetName().Name!;
            IEnumerable<string> references = assembly.GetReferencedAssemblies().Select(a => a.Name!)
                .Where(a => a.StartsWith("Naf.", StringComparison.Ordinal));
            Assert.That(references, Is.SubsetOf(Allowed[name]), name);
        }
    }

    [Test]
    public void An_assembly_has_one_namespace()
    {
        foreach (Assembly assembly in Assemblies)
        {
            string name = assembly.GetName().Name == "naf" ? "Naf.Host" : assembly.GetName().Name!;
            IEnumerable<string?> namespaces = assembly.GetTypes().Where(t => !t.IsNested && !IsCompilers(t)).Select(t => t.Namespace).Distinct();
            Assert.That(namespaces, Is.EqualTo(new[] { name }));
        }
    }

    // attributes and helpers that the compiler puts in, and the class of top-level statements
    private static bool IsCompilers(Type type) =>
        type.Name.Contains('<') || type.Name == "Program" || type.Namespace?.Split('.')[0] is "System" or "Microsoft";
}
