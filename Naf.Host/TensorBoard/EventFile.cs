using System.Buffers.Binary;
using System.Numerics;
using ProtoBuf;

namespace Naf.Host.TensorBoard;

/// <summary>
/// The event file that one process writes for one learner. A record is the length of its data (uint64), the length's
/// masked CRC-32C, the data, and the data's masked CRC-32C, all little-endian. Every append is passed to the operating
/// system at once; a kill leaves at most a last record that is incomplete, which readers ignore.
/// </summary>
/// <param name="folder">The learner's folder; the file is created in it at the first append.</param>
/// <param name="firstStep">Readers drop events of earlier files from this step on.</param>
internal sealed class EventFile(string folder, long firstStep)
{
    // readers take the files of a folder in the order of their names
    private const string Prefix = "events.out.tfevents.";

    private string? _path;

    /// <summary>Number of event files in a folder.</summary>
    public static int CountIn(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, $"{Prefix}*").Length : 0;

    /// <summary>Appends events in one write.</summary>
    /// <param name="first">What a new file begins with.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Append(IEnumerable<Event> events, Func<Event> first)
    {
        using var records = new MemoryStream();
        if (_path is null)
        {
            Directory.CreateDirectory(folder);
            int number = CountIn(folder) + 1;
            _path = Path.Combine(folder, Prefix + number.ToString("D6", CultureInfo.InvariantCulture));
            WriteRecord(records, new Event(Now, 0, FileVersion: "brain.Event:2"));
            WriteRecord(records, new Event(Now, firstStep, SessionLog: new SessionLog(Status: 1)));
            WriteRecord(records, first() with { Step = firstStep });
        }
        foreach (Event e in events) WriteRecord(records, e);
        // not kept open: a run may have more learners than a process may have files
        using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(records.GetBuffer().AsSpan(0, (int)records.Length));
    }

    /// <summary>Seconds since 1970.</summary>
    public static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static void WriteRecord(Stream target, Event e)
    {
        using var message = new MemoryStream();
        Serializer.Serialize(message, e);
        ReadOnlySpan<byte> data = message.GetBuffer().AsSpan(0, (int)message.Length);
        Span<byte> header = stackalloc byte[12], footer = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(header, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(data));
        target.Write(header);
        target.Write(data);
        target.Write(footer);
    }

    // as TensorFlow masks it, since a checksum of data that contains checksums is weak
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}
