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
            from file in Repository.Sources("")
            where !Exempt.Contains(Path.GetFileName(file))
            from line in File.ReadLines(Path.Combine(Repository.Root, file)).Select((text, i) => (Text: text, Number: i + 1))
            where line.Text.Length > Longest
            select $"{file}:{line.Number}";
        Assert.That(tooLong, Is.Empty, $"more than {Longest} characters");
    }
}
