using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Naf.Kernels.Checkpoints;

/// <summary>Reads sections of a checkpoint by name.</summary>
internal sealed unsafe class CheckpointReader : IDisposable
{
    private const string NoCheckpoint = "it is not a checkpoint of naf";
    private const int LongestHeader = 1 << 30;

    private readonly Stream _stream;
    private readonly Dictionary<string, string> _texts;
    private readonly Dictionary<string, CheckpointSection> _sections = [];
    private readonly long _data;

    /// <summary>Takes ownership of a stream and validates the whole file; closes the stream on failure.</summary>
    /// <exception cref="InvalidDataException">The file is not a checkpoint, is truncated or is damaged.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has another version.</exception>
    public CheckpointReader(Stream stream)
    {
        _stream = stream;
        try
        {
            _data = sizeof(long) + Check(out _texts);
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (e is JsonException) throw new InvalidDataException($"{NoCheckpoint}, or its header is damaged", e);
            throw;
        }
    }

    /// <summary>The scope of the whole checkpoint, for loading.</summary>
    public CheckpointScope Scope => new(null, this);

    public string Text(string name) =>
        _texts.GetValueOrDefault(name) ?? throw new InvalidDataException($"it has no text {name}");

    /// <summary>Whether there is a section or a text of this name.</summary>
    public bool Contains(string name) => _sections.ContainsKey(name) || _texts.ContainsKey(name);

    /// <summary>Number of elements of a section.</summary>
    public long Count(string name) => CheckpointSection.Count(Find(name).Shape);

    /// <summary>Reads a section whose element count must equal the length of the span.</summary>
    public void Read<T>(string name, Span<T> to) where T : unmanaged
    {
        if (Count(name) != to.Length) throw Refused(name, $"{to.Length} numbers are");
        Seek(name, CheckpointSection.DtypeOf<T>());
        _stream.ReadExactly(MemoryMarshal.AsBytes(to));
    }

    /// <summary>Reads a section into its buffer; the shapes must be equal.</summary>
    public void Read(BufferSection section)
    {
        if (!Find(section.Name).Shape.AsSpan().SequenceEqual(section.Shape))
            throw Refused(section.Name, $"[{string.Join(", ", section.Shape)}] is");
        Seek(section.Name, CheckpointSection.DtypeOf<float>());
        foreach ((nint at, int bytes) in section.Pieces()) _stream.ReadExactly(new Span<byte>((void*)at, bytes));
    }

    public void Dispose() => _stream.Dispose();

    private CheckpointSection Find(string name) =>
        _sections.GetValueOrDefault(name) ?? throw new InvalidDataException($"it has no section {name}");

    private void Seek(string name, string dtype)
    {
        if (Find(name).Dtype != dtype) throw Refused(name, $"{dtype} is");
        _stream.Position = _data + Find(name).DataOffsets[0];
    }

    private InvalidDataException Refused(string name, string wanted) =>
        new($"its section {name} is {Find(name)} where {wanted} expected");

    // validates the file; returns the length of the header
    private long Check(out Dictionary<string, string> texts)
    {
        var start = new byte[sizeof(long)];
        int read = _stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (start.AsSpan().SequenceEqual("NAFCKPT\n"u8))
            throw new NotSupportedException(
                "it was made by an earlier version of naf, and this one can't read it: the run must be trained anew");
        long length = BitConverter.ToInt64(start);
        if (read < start.Length || length is < 2 or > LongestHeader) throw new InvalidDataException(NoCheckpoint);
        CheckLength(0);
        var header = new byte[length];
        _stream.ReadExactly(header);
        var entries = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(header) ?? [];
        texts = entries.Remove(CheckpointSection.Metadata, out JsonElement metadata)
            ? metadata.Deserialize<Dictionary<string, string>>() ?? []
            : [];
        string? checksum = texts.GetValueOrDefault(CheckpointSection.Checksum);
        if (checksum is null || texts.GetValueOrDefault("format") != CheckpointSection.Format)
            throw new InvalidDataException(NoCheckpoint);
        long end = 0;
        foreach ((string name, JsonElement entry) in entries)
        {
            // sections follow each other without gaps, in the order of the header
            if (CheckpointSection.Of(entry) is not { } section || section.DataOffsets[0] != end)
                throw new JsonException();
            _sections[name] = section;
            end = section.DataOffsets[1];
        }
        CheckLength(end);
        if (ChecksumWithout(checksum, start, header) != checksum)
            throw new InvalidDataException("its checksum does not match: the file is damaged");
        string version = texts.GetValueOrDefault("version", "");
        return version == CheckpointSection.Version
            ? length
            : throw new NotSupportedException(
                $"its format is version {version}, and this naf reads version {CheckpointSection.Version}");

        void CheckLength(long data)
        {
            long whole = start.Length + length + data;
            if (_stream.Length < whole)
                throw new InvalidDataException($"it was cut short: {_stream.Length} bytes of {whole} are there");
        }
    }

    // SHA-256 of the file with the checksum itself replaced by zeros
    private string ChecksumWithout(string checksum, byte[] start, byte[] header)
    {
        int place = header.AsSpan().IndexOf(Encoding.UTF8.GetBytes(checksum));
        if (place >= 0) header.AsSpan(place, checksum.Length).Fill((byte)'0');
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(start);
        hash.AppendData(header);
        var piece = new byte[1 << 20];
        for (int count; (count = _stream.Read(piece)) > 0;) hash.AppendData(piece, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
