using Naf.Gpu.Cpu;

namespace Naf.Kernels.Checkpoints;

/// <summary>
/// What the header of a checkpoint says of a section. The file has the layout of safetensors: the length of the header
/// as 8 bytes, little-endian as all numbers; the header in JSON, padded with spaces to a multiple of 8; the sections.
/// <code>
/// { "__metadata__": { "sha256": "…", "format": "naf", "version": "2", NAME: TEXT, … },
///   NAME: { "dtype": "F32", "shape": [3], "data_offsets": [0, 12] }, … }
/// </code>
/// The checksum is that of the whole file with 64 zeros in its place.
/// </summary>
/// <param name="Dtype">The type of its numbers, as safetensors names it.</param>
/// <param name="Shape">Its size in each direction; none: one number.</param>
/// <param name="DataOffsets">Where its bytes begin and end, from the end of the header.</param>
internal sealed record CheckpointSection(string Dtype, long[] Shape, long[] DataOffsets)
{
    /// <summary>What a file is recognised by, and the version of its names, the only one that is read.</summary>
    public const string Format = "naf", Version = "2";

    public const string Metadata = "__metadata__", Checksum = "sha256";

    public static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true };

    public override string ToString() => $"{Dtype} [{string.Join(", ", Shape)}]";

    /// <summary>How many numbers a section of this shape has.</summary>
    public static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The name of a type of numbers.</summary>
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

/// <summary>A section whose numbers are in a buffer.</summary>
/// <param name="First">Place of the first one.</param>
internal sealed unsafe record BufferSection(string Name, HostBuffer Buffer, long First, params long[] Shape)
{
    private const long Piece = 1 << 20;

    /// <summary>Addresses and bytes of parts of it that a span can hold.</summary>
    public IEnumerable<(nint At, int Bytes)> Pieces()
    {
        long count = CheckpointSection.Count(Shape);
        for (long at = 0; at < count; at += Piece)
            yield return (Address(at), (int)Math.Min(Piece, count - at) * sizeof(float));
    }

    private nint Address(long at) => (nint)(Buffer.Pointer + First + at);
}
