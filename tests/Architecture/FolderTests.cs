using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>Folders are borders: a namespace a folder, arrows between folders by their `using` lines, and no cycle of arrows.</summary>
public sealed partial class FolderTests
{
    private const int MostFiles = 18, LongestLine = 150;

    // namespace → the namespaces of the product that its files use
    private static readonly Lazy<Dictionary<string, HashSet<string>>> Uses = new(() => Sources()
        .GroupBy(source => source.Namespace)
        .ToDictionary(group => group.Key, group => group.SelectMany(source => source.Uses).Where(used => used != group.Key).ToHashSet()));

    [Test]
    public void A_namespace_is_a_folder()
    {
        foreach ((string file, string declared, _) in Sources())
            Assert.That(declared, Is.EqualTo(file[..file.LastIndexOf('/')].Replace('/', '.')), file);
    }

    [Test]
    public void A_folder_can_be_looked_over() => Assert.That(
        Sources().GroupBy(source => source.Namespace).Where(folder => folder.Count() > MostFiles).Select(folder => folder.Key), Is.Empty);

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

    [Test]
    public void No_line_is_too_long() => Assert.That(
        from file in Repository.Sources("")
        where Path.GetFileName(file) != "LayoutTable.cs" // a table of offsets, a line each
        from line in File.ReadLines(Path.Combine(Repository.Root, file)).Index()
        where line.Item.Length > LongestLine
        select $"{file}:{line.Index + 1}", Is.Empty);

    // the parts that must stay usable without the rest
    [TestCase("Naf.Sim", "Naf.Kernels.Observation", "Naf.Kernels.Random", "Naf.Kernels.Reward")]
    [TestCase("Naf.Kernels.Observation", "Naf.Kernels.Scalar", "Naf.Gpu.Accelerators")]
    [TestCase("Naf.Kernels.Reward", "Naf.Kernels.Scalar", "Naf.Gpu.Accelerators")]
    [TestCase("Naf.Host.Settings", "Naf.Host.Common", "Naf.Kernels.Reward", "Naf.Sim")]
    [TestCase("Naf.Host.Planning", "Naf.Host.Settings", "Naf.Kernels", "Naf.Gpu.Cpu", "Naf.Sim")]
    public void A_part_uses_only(string part, params string[] allowed)
    {
        IEnumerable<string> used = Uses.Value.Where(folder => Within(folder.Key, part)).SelectMany(folder => folder.Value).Distinct();
        Assert.That(used.Where(name => !Within(name, part) && !allowed.Any(prefix => Within(name, prefix))), Is.Empty);

        static bool Within(string name, string prefix) => name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal);
    }

    private static IEnumerable<(string File, string Namespace, string[] Uses)> Sources() =>
        from file in Repository.Sources(Repository.Product)
        let text = File.ReadAllText(Path.Combine(Repository.Root, file))
        where Declared().IsMatch(text)
        select (file, Declared().Match(text).Groups[1].Value, Used().Matches(text).Select(m => m.Groups[1].Value).ToArray());

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"^using (Naf\.[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Used();
}
