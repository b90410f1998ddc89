namespace Naf.Host.Export;

/// <summary>A row for each parameter, after the metadata as comments; values are read back exactly.</summary>
internal static class CsvExport
{
    private const string Comment = "# ";

    /// <summary>Whether a file is an export, by its first line.</summary>
    public static bool IsExport(string path) =>
        File.ReadLines(path).FirstOrDefault()?.StartsWith($"{Comment}task: ", StringComparison.Ordinal) ?? false;

    public static void Write(Stream file, ExportedPolicy policy)
    {
        using var text = new StreamWriter(file, leaveOpen: true);
        foreach ((string key, string value) in policy.Metadata) text.Write($"{Comment}{key}: {value}\n");
        text.Write("tensor,row,column,value\n");
        foreach (NamedTensor tensor in policy.Tensors)
        {
            long columns = tensor.Shape.ElementAtOrDefault(1) is var given and > 0 ? given : 1;
            foreach ((int at, float value) in tensor.Values.Index())
                text.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{tensor.Name},{at / columns},{at % columns},{value:R}\n"));
        }
    }
}
