using System.Buffers.Binary;
using System.IO.Compression;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Writes PNG (ISO/IEC 15948): 8-bit RGB, each row as its differences from the row above, deflated.</summary>
internal static class Png
{
    private const byte Up = 2;

    public static void Write(Stream target, PixelImage image)
    {
        target.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

        // width, height, 8 bits a channel, RGB, deflate, adaptive filters, not interlaced
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        (header[8], header[9]) = (8, 2);
        Chunk(target, "IHDR"u8, header);

        using var deflated = new MemoryStream();
        using (var zlib = new ZLibStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true))
            WriteRows(zlib, image);
        Chunk(target, "IDAT"u8, deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        Chunk(target, "IEND"u8, []);
    }

    private static void WriteRows(Stream target, PixelImage image)
    {
        int stride = 3 * image.Width;
        byte[] row = new byte[stride];
        for (int at = 0; at < image.Rgb.Length; at += stride)
        {
            for (int i = 0; i < stride; i++)
                row[i] = (byte)(image.Rgb[at + i] - (at == 0 ? 0 : image.Rgb[at + i - stride]));
            target.WriteByte(Up);
            target.Write(row);
        }
    }

    /// <summary>Length, type, data, and the CRC of type and data.</summary>
    private static void Chunk(Stream target, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        target.Write(number);
        target.Write(type);
        target.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        target.Write(number);
    }

    // the CRC-32 of ISO 3309, lowest bit first
    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
        return crc;
    }
}
