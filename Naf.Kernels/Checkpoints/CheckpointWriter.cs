using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Naf.Kernels.Checkpoints;

/// <summary>Collects the named sections of a checkpoint and writes them (<see cref="CheckpointSection"/>).</summary>
internal sealed unsafe class CheckpointWriter
{
    private readonly List<Pending> _sections = [];
    private readonly Dictionary<string, string> _texts = new()
    {
        [CheckpointSection.Checksum] = new('0', 2 * SHA256.HashSizeInBytes),
        ["format"] = CheckpointSection.Format,
        ["version"] = CheckpointSection.Version,
    };

    // a section that has not been written yet
    private sealed record Pending(string Name, string Dtype, long[] Shape, int Width, Action<Stream> Write);

    /// <summary>The scope of the whole checkpoint, for saving.</summary>
    public CheckpointScope Scope => new(this, null);

    public void Add(string name, string text) => _texts.Add(name, text);

    /// <summary>Adds a section with a copy of the values.</summary>
    public void Add<T>(string name, long[] shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        Add<T>(name, shape, stream => stream.Write(bytes));
    }

    /// <summary>Adds a section whose buffer is read when the file is written.</summary>
    public void Add(BufferSection section) => Add<float>(section.Name, section.Shape, stream =>
    {
        foreach ((nint at, int bytes) in section.Pieces()) stream.Write(new ReadOnlySpan<byte>((void*)at, bytes));
    });

    /// <summary>Writes the header and all sections.</summary>
    /// <param name="stream">An empty stream; must be readable and seekable, for the checksum.</param>
    public void WriteTo(Stream stream)
    {
        // wide types come first, so that every section is aligned to its element size
        Pending[] sections = [.. _sections.OrderByDescending(s => s.Width)];
        var header = new Dictionary<string, object> { [CheckpointSection.Metadata] = _texts };
        long at = 0;
        foreach (Pending s in sections)
        {
            long end = at + s.Width * CheckpointSection.Count(s.Shape);
            header.Add(s.Name, new CheckpointSection(s.Dtype, s.Shape, [at, end]));
            at = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, CheckpointSection.Json);
        Array.Resize(ref json, (json.Length + 7) / 8 * 8);
        json.AsSpan(json.AsSpan().LastIndexOf((byte)'}') + 1).Fill((byte)' ');

        stream.Write(BitConverter.GetBytes((long)json.Length));
        stream.Write(json);
        foreach (Pending s in sections) s.Write(stream);

        stream.Position = 0;
        string checksum = Convert.ToHexStringLower(SHA256.HashData(stream));
        byte[] place = Encoding.UTF8.GetBytes(_texts[CheckpointSection.Checksum]);
        stream.Position = sizeof(long) + json.AsSpan().IndexOf(place);
        stream.Write(Encoding.UTF8.GetBytes(checksum));
    }

    private void Add<T>(string name, long[] shape, Action<Stream> write) where T : unmanaged =>
        _sections.Add(new Pending(name, CheckpointSection.DtypeOf<T>(), shape, sizeof(T), write));
}
