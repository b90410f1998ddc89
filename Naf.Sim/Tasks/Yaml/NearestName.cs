namespace Naf.Sim.Tasks.Yaml;

/// <summary>Finds the known name nearest to a mistyped one.</summary>
internal static class NearestName
{
    /// <summary>
    /// The known name with the least edit distance, the first of equals; null if none is within two edits, or a third
    /// of the name's length if that is more.
    /// </summary>
    public static string? Near(string name, IEnumerable<string> known) =>
        known.MinBy(other => Distance(name, other)) is { } nearest
        && Distance(name, nearest) <= Math.Max(2, name.Length / 3) ? nearest : null;

    /// <summary>The end of an error message: "did you mean 'x'?", or "known: x, y, z" when nothing is near.</summary>
    public static string Hint(string name, IEnumerable<string> known)
    {
        string[] all = [.. known.Distinct()];
        if (all.Length == 0) return "there is none";
        return Near(name, all) is { } meant ? $"did you mean '{meant}'?" : $"known: {string.Join(", ", all)}";
    }

    /// <summary>
    /// Edit distance, ignoring case: insertions, deletions, substitutions and transpositions (optimal string
    /// alignment).
    /// </summary>
    public static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = d[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
                d[i, j] = Math.Min(replace, 1 + Math.Min(d[i - 1, j], d[i, j - 1]));
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
