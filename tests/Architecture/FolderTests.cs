using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Naf.Tests;

/// <summary>One namespace per folder, dependencies between folders by `using` lines, and no cycles.</summary>
internal sealed partial class FolderTests
{
    private const int MostFiles = 18, LongestLine = 120;

    // allowed project references
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

    // namespace → namespaces of the product used by its files
    private static readonly Lazy<Dictionary<string, HashSet<string>>> Uses = new(() => Sources()
        .GroupBy(source => source.Namespace)
        .ToDictionary(group => group.Key,
        group => group.SelectMany(source => source.Uses).Where(used => used != group.Key).ToHashSet()));

    [Test]
    public void A_namespace_is_a_folder()
    {
        foreach ((string file, string declared, _) in Sources())
            Assert.That(declared, Is.EqualTo(file[..file.LastIndexOf('/')].Replace('/', '.')), file);
    }

    [Test]
    public void A_folder_can_be_looked_over() => Assert.That(
        Sources().GroupBy(source => source.Namespace).Where(folder => folder.Count() > MostFiles)
            .Select(folder => folder.Key), Is.Empty);

    [Test]
    public void No_folder_uses_another_that_uses_it()
    {
        var done = new HashSet<string>();
        foreach (string start in Uses.Value.Keys) Visit(start, []);

        void Visit(string folder, List<string> path)
        {
            Assert.That(path, Does.Not.Contain(folder), $"{string.Join(" → ", path)} → {folder}");
            if (!done.Add(folder)) return;
            foreach (string used in Uses.Value.GetValueOrDefault(folder, [])) Visit(used, [.. path, folder]);
        }
    }

    [TestCaseSource(nameof(Projects))]
    public void A_project_references_what_it_may(string project)
    {
        string file = Path.Combine(Repository.Root,
            project.Contains('/') ? $"{project}.csproj" : $"{project}/{project}.csproj");
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
    public void No_line_is_too_long() => Assert.That(
        from file in Repository.Sources("")
        where Path.GetFileName(file) != "LayoutTable.cs" // a table of offsets, a line each
        from line in File.ReadLines(Path.Combine(Repository.Root, file)).Index()
        where line.Item.Length > LongestLine
        select $"{file}:{line.Index + 1}", Is.Empty);

    // parts that must be usable on their own
    [TestCase("Naf.Sim", "Naf.Kernels.Observation", "Naf.Kernels.Random", "Naf.Kernels.Reward")]
    [TestCase("Naf.Kernels.Observation", "Naf.Kernels.Scalar", "Naf.Gpu.Accelerators")]
    [TestCase("Naf.Kernels.Reward", "Naf.Kernels.Scalar", "Naf.Gpu.Accelerators")]
    [TestCase("Naf.Host.Settings", "Naf.Host.Common", "Naf.Kernels.Network", "Naf.Kernels.Reward",
        "Naf.Kernels.Settings", "Naf.Sim")]
    [TestCase("Naf.Host.Planning", "Naf.Host.Common", "Naf.Host.Settings", "Naf.Kernels", "Naf.Gpu.Cpu", "Naf.Sim")]
    public void A_part_uses_only(string part, params string[] allowed)
    {
        IEnumerable<string> used = Uses.Value.Where(folder => Within(folder.Key, part))
            .SelectMany(folder => folder.Value).Distinct();
        Assert.That(used.Where(name => !Within(name, part) && !allowed.Any(prefix => Within(name, prefix))), Is.Empty);

        static bool Within(string name, string prefix) =>
            name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal);
    }

    private static IEnumerable<(string File, string Namespace, string[] Uses)> Sources() =>
        from file in Repository.Sources(Repository.Product)
        let text = File.ReadAllText(Path.Combine(Repository.Root, file))
        where Declared().IsMatch(text)
        select (file, Declared().Match(text).Groups[1].Value,
            Used().Matches(text).Select(m => m.Groups[1].Value).ToArray());

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"^using (Naf\.[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Used();
}
