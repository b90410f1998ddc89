using Naf.Gpu.Cpu;

namespace Naf.Kernels.Checkpoints;

/// <summary>
/// Header entry of a section. A checkpoint has the layout of safetensors, little-endian: the length of the header as 8
/// bytes; the header in JSON, padded with spaces to a multiple of 8 bytes; the data of the sections.
/// <code>
/// { "__metadata__": { "sha256": "…", "format": "naf", "version": "2", NAME: TEXT, … },
///   NAME: { "dtype": "F32", "shape": [3], "data_offsets": [0, 12] }, … }
/// </code>
/// The checksum is computed over the whole file with 64 zeros in place of the checksum.
/// </summary>
/// <param name="Dtype">Element type, as safetensors names it.</param>
/// <param name="Shape">Size of each dimension; empty for a scalar.</param>
/// <param name="DataOffsets">Begin and end of the data in bytes, relative to the end of the header.</param>
internal sealed record CheckpointSection(string Dtype, long[] Shape, long[] DataOffsets)
{
    /// <summary>Identifies the file format, and the version of the section names; no other version is read.</summary>
    public const string Format = "naf", Version = "2";

    public const string Metadata = "__metadata__", Checksum = "sha256";

    public static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true };

    /// <summary>A header entry; null if its offsets are not those of its type and shape.</summary>
    /// <exception cref="JsonException">It is no header entry.</exception>
    public static CheckpointSection? Of(JsonElement entry) =>
        entry.Deserialize<CheckpointSection>(Json) is { Shape: { } shape, DataOffsets: [var first, var last] } section
            && last - first == Bytes(section.Dtype, shape) ? section : null;

    public override string ToString() => $"{Dtype} [{string.Join(", ", Shape)}]";

    /// <summary>Number of elements of a section of this shape.</summary>
    public static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Size in bytes of a section of this type and shape; −1 if either is not possible.</summary>
    public static long Bytes(string dtype, long[] shape)
    {
        int width = dtype switch { "F64" or "I64" or "U64" => 8, "F32" or "I32" => 4, "BOOL" => 1, _ => -1 };
        if (width < 0 || shape.Any(size => size < 0)) return -1;
        Int128 bytes = shape.Aggregate((Int128)width, (product, size) => Int128.Min(product * size, long.MaxValue));
        return bytes < long.MaxValue ? (long)bytes : -1;
    }

    /// <summary>The safetensors name of an element type.</summary>
    public static string DtypeOf<T>() => Type.GetTypeCode(typeof(T)) switch
    {
        TypeCode.Single => "F32",
        TypeCode.Double => "F64",
        TypeCode.Int32 => "I32",
        TypeCode.Int64 => "I64",
        TypeCode.UInt64 => "U64",
        TypeCode.Boolean => "BOOL",
        _ => throw new ArgumentException($"a checkpoint holds no numbers of type {typeof(T)}"),
    };
}

/// <summary>A section whose data is a range of a buffer.</summary>
/// <param name="First">Index of the first element in the buffer.</param>
internal sealed unsafe record BufferSection(string Name, HostBuffer Buffer, long First, params long[] Shape)
{
    private const long Piece = 1 << 20;

    /// <summary>Address and size in bytes of consecutive pieces, each small enough for a span.</summary>
    public IEnumerable<(nint At, int Bytes)> Pieces()
    {
        long count = CheckpointSection.Count(Shape);
        for (long at = 0; at < count; at += Piece)
            yield return (Address(at), (int)Math.Min(Piece, count - at) * sizeof(float));
    }

    private nint Address(long at) => (nint)(Buffer.Pointer + First + at);
}
