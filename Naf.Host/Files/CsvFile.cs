using System.Security.Cryptography;

namespace Naf.Host.Files;

/// <summary>
/// An append-only CSV file. Each row is passed to the operating system at once and survives a crash of the process.
/// </summary>
internal sealed class CsvFile : IDisposable
{
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private CsvFile(FileStream file) => _file = file;

    /// <summary>Length so far, bytes.</summary>
    public long Length => _file.Position;

    /// <summary>SHA-256 of the bytes so far.</summary>
    public string Digest => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Creates a file with a header line, replacing any file of that name.</summary>
    public static CsvFile Create(string path, string header)
    {
        var csv = new CsvFile(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));
        csv.Write(header + "\n");
        return csv;
    }

    /// <summary>
    /// Opens a file to append after its first <paramref name="length"/> bytes. Later bytes are kept until
    /// <see cref="CutHere"/>, so that a failure leaves the file unchanged.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is missing or too short, or its digest differs.</exception>
    public static CsvFile Continue(string path, long length, string? digest)
    {
        string name = Path.GetFileName(path);
        if (!File.Exists(path)) throw new InvalidDataException($"{name} is missing");
        var csv = new CsvFile(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
        try
        {
            if (csv._file.Length < length)
                throw new InvalidDataException(
                    $"{name} has {csv._file.Length} bytes where there were {length} when it was made");
            byte[] kept = new byte[length];
            csv._file.ReadExactly(kept);
            csv._hash.AppendData(kept);
            if (digest is not null && digest != csv.Digest)
                throw new InvalidDataException($"{name} was changed since it was made");
            return csv;
        }
        catch
        {
            csv.Dispose();
            throw;
        }
    }

    /// <summary>Truncates the file after the bytes so far.</summary>
    public void CutHere() => _file.SetLength(_file.Position);

    /// <summary>
    /// Appends a row. Numbers round-trip exactly; null is an empty field; text is quoted where needed.
    /// </summary>
    /// <exception cref="IOException">The disk is full or not writable.</exception>
    public void Add(params ReadOnlySpan<object?> fields) => Write(Line(fields));

    /// <summary>The text of a row, as <see cref="Add"/> writes it.</summary>
    public static string Line(params ReadOnlySpan<object?> fields)
    {
        var line = new StringBuilder();
        foreach (object? field in fields) line.Append(Format(field)).Append(',');
        line[^1] = '\n';
        return line.ToString();
    }

    /// <summary>Flushes the rows so far to disk, so that they survive a power failure.</summary>
    public void FlushToDisk() => _file.Flush(flushToDisk: true);

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    private static string Format(object? field) => field switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        string text when text.AsSpan().IndexOfAny(",\"\n") >= 0 =>
            $"\"{text.Replace("\"", "\"\"").ReplaceLineEndings(" ")}\"",
        _ => field.ToString() ?? "",
    };

    private void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _file.Write(bytes); // unbuffered
        _hash.AppendData(bytes);
    }
}
