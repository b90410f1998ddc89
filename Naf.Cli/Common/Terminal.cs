namespace Naf.Cli.Common;

/// <summary>A command's output: results to <paramref name="Out"/>, the rest to <paramref name="Error"/>.</summary>
/// <param name="Interactive">Whether both are shown to a person; only then is progress shown.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool Interactive)
{
    /// <summary>The process's standard streams, in UTF-8.</summary>
    public static Terminal OfProcess()
    {
        Console.OutputEncoding = Encoding.UTF8;
        return new Terminal(Console.Out, Console.Error, !Console.IsOutputRedirected && !Console.IsErrorRedirected);
    }

    /// <summary>Writes one sentence on something that went wrong or may surprise.</summary>
    public void Warn(string sentence) => Error.WriteLine($"naf: {sentence}");

    /// <summary>Writes aligned columns: text to the left, numbers (all but the first row) to the right.</summary>
    public void WriteTable(IReadOnlyList<string[]> rows)
    {
        int columns = rows[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => rows.Max(r => r[c].Length))];
        bool[] numbers = [.. Enumerable.Range(0, columns)
            .Select(c => rows.Count > 1 && rows.Skip(1).All(r => double.TryParse(r[c], out _)))];
        foreach (string[] row in rows)
            Out.WriteLine(string.Join("  ",
                row.Select((cell, c) => numbers[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
    }
}
