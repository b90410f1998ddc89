using System.Security.Cryptography;

namespace Naf.Host.Files;

/// <summary>
/// An append-only CSV file. Each row is passed to the operating system at once and survives a crash of the process. The
/// text is kept in memory too, to write the file again if it vanishes.
/// </summary>
internal sealed class CsvFile : IDisposable
{
    private readonly string _path;
    private readonly StringBuilder _text;
    private FileStream? _file;

    private CsvFile(string path, string text) => (_path, _text) = (path, new StringBuilder(text));

    /// <summary>The text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Length so far, bytes.</summary>
    public long Length => Encoding.UTF8.GetByteCount(Text);

    /// <summary>SHA-256 of the bytes so far.</summary>
    public string Digest => DigestOf(Text);

    /// <summary>Creates a file with a header line, replacing any file of that name.</summary>
    public static CsvFile Create(string path, string header)
    {
        var csv = new CsvFile(path, header + "\n");
        csv.WriteAll();
        return csv;
    }

    /// <summary>
    /// Prepares to append after a text that the file began with. The file is left as it is until
    /// <see cref="CutHere"/>, so that a failure leaves it unchanged.
    /// </summary>
    public static CsvFile Continue(string path, string text) => new(path, text);

    /// <summary>SHA-256 of a text.</summary>
    public static string DigestOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Reads a file as it was written, though a spreadsheet may have changed its line ends since or added a byte order
    /// mark or empty lines; "" if there is none.
    /// </summary>
    public static string Read(string path)
    {
        if (!File.Exists(path)) return "";
        string text = File.ReadAllText(path).Replace("\r\n", "\n");
        return text.EndsWith('\n') ? text.TrimEnd('\n') + "\n" : text;
    }

    /// <summary>Truncates the file after the text so far; writes it again if it does not begin with that.</summary>
    public void CutHere()
    {
        byte[] text = Encoding.UTF8.GetBytes(Text);
        if (!File.Exists(_path) || !File.ReadAllBytes(_path).AsSpan().StartsWith(text))
        {
            WriteAll();
            return;
        }
        _file = Open(FileMode.Open);
        _file.SetLength(text.Length);
        _file.Position = text.Length;
    }

    /// <summary>
    /// Appends a row. Numbers round-trip exactly; null is an empty field; text is quoted where needed.
    /// </summary>
    /// <exception cref="IOException">The disk is full or not writable.</exception>
    public void Add(params ReadOnlySpan<object?> fields)
    {
        string line = Line(fields);
        _text.Append(line);
        _file!.Write(Encoding.UTF8.GetBytes(line)); // unbuffered
    }

    /// <summary>The text of a row, as <see cref="Add"/> writes it.</summary>
    public static string Line(params ReadOnlySpan<object?> fields)
    {
        var line = new StringBuilder();
        foreach (object? field in fields) line.Append(Format(field)).Append(',');
        line[^1] = '\n';
        return line.ToString();
    }

    /// <summary>Flushes the rows so far to disk, so that they survive a power failure.</summary>
    public void FlushToDisk()
    {
        if (!File.Exists(_path)) WriteAll();
        _file!.Flush(flushToDisk: true);
    }

    public void Dispose() => _file?.Dispose();

    private static string Format(object? field) => field switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        string text when text.AsSpan().IndexOfAny(",\"\n") >= 0 =>
            $"\"{text.Replace("\"", "\"\"").ReplaceLineEndings(" ")}\"",
        _ => field.ToString() ?? "",
    };

    private void WriteAll()
    {
        _file?.Dispose();
        _file = Open(FileMode.Create);
        _file.Write(Encoding.UTF8.GetBytes(Text));
    }

    private FileStream Open(FileMode mode) => new(_path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
}
