using System.Buffers.Binary;
using System.Security.Cryptography;
using Naf.Host.Files;

namespace Naf.Host.Runs;

/// <summary>
/// One checkpoint on disk: a header of 52 bytes (the word NAFCKPT and a line feed, format version as int32, length of the payload as int64,
/// its SHA-256, little-endian) and the payload. Under its final name it is always whole: see <see cref="AtomicFile"/>.
/// </summary>
internal static class CheckpointFile
{
    /// <summary>The version of the format that is written, and the only one that is read.</summary>
    public const int Version = 1;

    private const int HeaderLength = 52;

    private static ReadOnlySpan<byte> Magic => "NAFCKPT\n"u8;

    /// <summary>Writes a file atomically.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; what was at <paramref name="path"/> is untouched.</exception>
    public static void Write(string path, Action<Stream> body) => AtomicFile.Write(path, "writing.partial", file =>
    {
        file.Write(new byte[HeaderLength]);
        body(file);
        Span<byte> header = stackalloc byte[HeaderLength];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[12..], file.Position - HeaderLength);
        file.Position = HeaderLength;
        SHA256.HashData(file, header[20..]);
        file.Position = 0;
        file.Write(header);
    });

    /// <summary>Opens a file and checks all of it.</summary>
    /// <returns>The payload, at its beginning; it ends where the file does.</returns>
    /// <exception cref="InvalidDataException">It is no checkpoint, of another format, cut short or damaged; the message is the reason.</exception>
    public static Stream Read(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            Check(file);
            file.Position = HeaderLength;
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Check(FileStream file)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header[..8].SequenceEqual(Magic))
            throw new InvalidDataException("it is not a checkpoint of naf");
        int version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != Version) throw new InvalidDataException($"its format is version {version}, and this naf reads version {Version}");
        long length = BinaryPrimitives.ReadInt64LittleEndian(header[12..]), found = file.Length - HeaderLength;
        if (found != length) throw new InvalidDataException($"it was cut short: {found} bytes of {length} are there");
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file, digest);
        if (!digest.SequenceEqual(header[20..])) throw new InvalidDataException("its checksum does not match: the file is damaged");
    }
}

/// <summary>What a checkpoint's payload begins with, before the agent.</summary>
/// <param name="MetricsLength">Bytes of metrics.csv when it was made.</param>
/// <param name="MetricsDigest">SHA-256 of those bytes.</param>
/// <param name="TimingLength">Bytes of timing.csv.</param>
/// <param name="Seconds">Seconds that the run had taken.</param>
internal readonly record struct CheckpointHeader(
    long MetricsLength, byte[] MetricsDigest, long TimingLength, double Seconds)
{
    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(MetricsLength);
        writer.Write(MetricsDigest);
        writer.Write(TimingLength);
        writer.Write(Seconds);
    }

    public static CheckpointHeader Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        return new CheckpointHeader(reader.ReadInt64(), reader.ReadBytes(32), reader.ReadInt64(), reader.ReadDouble());
    }
}
