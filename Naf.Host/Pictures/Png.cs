using System.Buffers.Binary;
using System.IO.Compression;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Writes PNG (ISO/IEC 15948): 8-bit RGB, each row as differences from the row above or the pixel before, deflated.</summary>
internal static class Png
{
    private const int Channels = 3;
    private const byte Sub = 1, Up = 2;
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(n => CrcOf((uint)n))];

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
        using (var zlib = new ZLibStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true)) WriteRows(zlib, image);
        Chunk(target, "IDAT"u8, deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        Chunk(target, "IEND"u8, []);
    }

    /// <summary>Each row by the filter whose differences are smaller in sum, as the standard recommends.</summary>
    private static void WriteRows(Stream target, PixelImage image)
    {
        int stride = Channels * image.Width;
        byte[] above = new byte[stride], sub = new byte[stride + 1], up = new byte[stride + 1];
        (sub[0], up[0]) = (Sub, Up);
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Rgb.AsSpan(y * stride, stride);
            long subSum = 0, upSum = 0;
            for (int i = 0; i < stride; i++)
            {
                sub[i + 1] = (byte)(row[i] - (i < Channels ? 0 : row[i - Channels]));
                up[i + 1] = (byte)(row[i] - above[i]);
                subSum += Math.Abs((int)(sbyte)sub[i + 1]);
                upSum += Math.Abs((int)(sbyte)up[i + 1]);
            }
            target.Write(subSum < upSum ? sub : up);
            row.CopyTo(above);
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

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data) crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }

    // the CRC-32 of ISO 3309, lowest bit first
    private static uint CrcOf(uint n)
    {
        for (int bit = 0; bit < 8; bit++) n = (n & 1) != 0 ? 0xEDB88320 ^ (n >> 1) : n >> 1;
        return n;
    }
}
