namespace Naf.Kernels.Replay;

/// <summary>Arrays of floats in a binary stream, little-endian.</summary>
internal static unsafe class FloatStream
{
    private const int Piece = 1 << 20;

    public static void Write(BinaryWriter writer, float* source, long count)
    {
        for (long at = 0; at < count; at += Piece)
            writer.Write(new ReadOnlySpan<byte>(source + at, (int)Math.Min(Piece, count - at) * sizeof(float)));
    }

    public static void Read(BinaryReader reader, float* target, long count)
    {
        for (long at = 0; at < count; at += Piece)
            reader.BaseStream.ReadExactly(new Span<byte>(target + at, (int)Math.Min(Piece, count - at) * sizeof(float)));
    }
}
