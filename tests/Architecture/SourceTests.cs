using NUnit.Framework;

namespace Naf.Tests;

/// <summary>How sources look.</summary>
public sealed class SourceTests
{
    private const int Longest = 150;

    // a table of offsets, a line each
    private static readonly string[] Exempt = ["LayoutTable.cs"];

    [Test]
    public void No_line_is_too_long()
    {
        IEnumerable<string> tooLong =
            from path in Directory.GetFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
            let folders = Path.GetRelativePath(Repository.Root, path).Split(Path.DirectorySeparatorChar)
            where !folders.Any(folder => folder is "bin" or "obj" || folder[0] == '.')
            where !Exempt.Contains(Path.GetFileName(path))
            from line in File.ReadLines(path).Select((text, i) => (Text: text, Number: i + 1))
            where line.Text.Length > Longest
            select $"{Path.GetRelativePath(Repository.Root, path)}:{line.Number}";
        Assert.That(tooLong, Is.Empty, $"more than {Longest} characters");
    }
}
