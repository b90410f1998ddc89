using System.Buffers.Binary;
using System.IO.Compression;
using Naf.Host.Pictures;
using Naf.Sim.Rendering;

namespace Naf.Tests;

/// <summary>PNG files contain the picture, as read by a decoder written from the standard.</summary>
internal sealed class PngTests
{
    [TestCase(1, 1)]
    [TestCase(31, 7)]
    [TestCase(443, 3)]
    [TestCase(64, 48)]
    public void Decoding_gives_the_pixels(int width, int height)
    {
        byte[] smooth = [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(i / 3 % width + i / 3 / width))];
        byte[] rough = new byte[3 * width * height];
        new Random(5).NextBytes(rough);
        foreach (byte[] rgb in (byte[][])[smooth, rough])
        {
            PixelImage decoded = Decode(Encode(new PixelImage(width, height, rgb)));
            Assert.That((decoded.Width, decoded.Height), Is.EqualTo((width, height)));
            Assert.That(decoded.Rgb, Is.EqualTo(rgb));
        }
    }

    [Test]
    public void Last_chunk_is_the_standards() => Assert.That(
        Encode(new PixelImage(2, 1, new byte[6]))[^12..],
        Is.EqualTo(Convert.FromHexString("0000000049454E44AE426082")));

    [Test]
    public void Even_ground_is_small() =>
        Assert.That(Encode(new PixelImage(640, 480, [.. Enumerable.Repeat((byte)200, 3 * 640 * 480)])),
            Has.Length.LessThan(3000));

    private static byte[] Encode(PixelImage image)
    {
        using var file = new MemoryStream();
        Png.Write(file, image);
        return file.ToArray();
    }

    private static PixelImage Decode(ReadOnlySpan<byte> file)
    {
        Assert.That(file[..8].ToArray(), Is.EqualTo(Convert.FromHexString("89504E470D0A1A0A")));
        var chunks = new List<(string Type, byte[] Data)>();
        for (file = file[8..]; file.Length > 0;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file);
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(file[(8 + length)..]),
                Is.EqualTo(Crc(file.Slice(4, 4 + length))));
            chunks.Add((Encoding.ASCII.GetString(file.Slice(4, 4)), file.Slice(8, length).ToArray()));
            file = file[(12 + length)..];
        }
        Assert.That(chunks.Select(c => c.Type), Is.EqualTo(new[] { "IHDR", "IDAT", "IEND" }));
        byte[] header = chunks[0].Data;
        Assert.That(header[8..], Is.EqualTo(new byte[] { 8, 2, 0, 0, 0 }), "8 bits, RGB, not interlaced");
        int width = BinaryPrimitives.ReadInt32BigEndian(header),
            height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(chunks[1].Data), CompressionMode.Decompress))
            zlib.CopyTo(inflated);
        return new PixelImage(width, height, Unfilter(inflated.ToArray(), width, height));
    }

    // each row holds the differences (filter 2) from the row above
    private static byte[] Unfilter(byte[] rows, int width, int height)
    {
        int stride = 3 * width;
        Assert.That(rows, Has.Length.EqualTo(height * (stride + 1)));
        byte[] rgb = new byte[height * stride];
        for (int i = 0; i < rgb.Length; i++)
        {
            Assert.That(i % stride != 0 || rows[i / stride * (stride + 1)] == 2, "the filter");
            rgb[i] = (byte)(rows[i + i / stride + 1] + (i < stride ? 0 : rgb[i - stride]));
        }
        return rgb;
    }

    // bit by bit
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
        }
        return ~crc;
    }
}
