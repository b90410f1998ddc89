using Naf.Host.Common;

namespace Naf.Host.Files;

/// <summary>Reads the CSV files of a run, also while it is being written or after a spreadsheet has saved it.</summary>
internal static class CsvRows
{
    /// <summary>The rows as field by column; a last row that is incomplete is left out.</summary>
    /// <exception cref="UserException">A column is there twice.</exception>
    public static IEnumerable<IReadOnlyDictionary<string, string>> Read(string path)
    {
        // a process that writes the file meanwhile may go on
        using var lines = new StreamReader(new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        if (lines.ReadLine() is not { } first) yield break;
        string[] header = Fields(first);
        if (header.Distinct().Count() < header.Length)
            throw new UserException($"the first line of {path} names a column twice, so that it is no header; bring "
                + "the file back as it was");
        while (lines.ReadLine() is { } line)
        {
            string[] fields = Fields(line);
            if (fields.Length == header.Length)
                yield return header.Zip(fields).ToDictionary(pair => pair.First, pair => pair.Second);
        }
    }

    // a quoted field may contain commas and doubled quotes
    private static string[] Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') field.Append(line[i++]);
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else field.Append(c);
        }
        return [.. fields, field.ToString()];
    }
}
