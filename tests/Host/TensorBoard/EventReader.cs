using System.Buffers.Binary;

namespace Naf.Tests;

/// <summary>A value that a folder of event files holds for a tag.</summary>
/// <param name="Message">The message Summary.Value.</param>
internal readonly record struct EventValue(long Step, string Tag, WireMessage Message);

/// <summary>
/// Reads TensorBoard's event files without the product's code: TFRecord frames with a table-driven CRC-32C, and
/// messages field by field.
/// </summary>
internal static class EventReader
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint crc = (uint)n;
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        return crc;
    })];

    /// <summary>CRC-32C (RFC 3720).</summary>
    public static uint Crc32C(byte[] data) =>
        ~data.Aggregate(uint.MaxValue, (crc, b) => (crc >> 8) ^ Table[(byte)(crc ^ b)]);

    /// <summary>The events of a file's bytes; a last record that is incomplete is left out.</summary>
    /// <exception cref="InvalidDataException">A checksum is wrong.</exception>
    public static List<WireMessage> Read(byte[] file)
    {
        List<WireMessage> events = [];
        for (int at = 0; at + 12 <= file.Length;)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Check(file[at..(at + 8)], file.AsSpan(at + 8));
            int end = at + 12 + (int)length;
            if (end + 4 > file.Length) break;
            Check(file[(at + 12)..end], file.AsSpan(end));
            events.Add(new WireMessage(file[(at + 12)..end]));
            at = end + 4;
        }
        return events;

        static void Check(byte[] data, ReadOnlySpan<byte> stored)
        {
            uint crc = Crc32C(data);
            if (BinaryPrimitives.ReadUInt32LittleEndian(stored) != ((crc >> 15) | (crc << 17)) + 0xa282ead8u)
                throw new InvalidDataException("a checksum is wrong");
        }
    }

    /// <summary>The event files of a folder in the order of their names.</summary>
    public static string[] Files(string folder) =>
        [.. Directory.GetFiles(folder, "*tfevents*").Order(StringComparer.Ordinal)];

    /// <summary>All values of a folder, also those of steps that were made again.</summary>
    public static List<EventValue> AllValues(string folder) => Values(folder, purges: false);

    /// <summary>The values that TensorBoard shows: the start of a session drops its step and later ones.</summary>
    public static List<EventValue> Values(string folder) => Values(folder, purges: true);

    private static List<EventValue> Values(string folder, bool purges)
    {
        List<EventValue> values = [];
        foreach (string path in Files(folder))
        {
            List<WireMessage> events = Read(File.ReadAllBytes(path));
            Assert.That(events[0].Text(3), Is.EqualTo("brain.Event:2"), "the first event is the version");
            foreach (WireMessage e in events)
            {
                long step = e.Integer(2) ?? 0;
                Assert.That(e.Double(1), Is.GreaterThan(1.7e9), "seconds since 1970");
                if (purges && e.Message(7)?.Integer(1) == 1) values.RemoveAll(v => v.Step >= step);
                values.AddRange((e.Message(5)?.Messages(1) ?? []).Select(v => new EventValue(step, v.Text(1)!, v)));
            }
        }
        return values;
    }
}

/// <summary>A message of the protobuf wire format, as numbered fields.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public WireMessage(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            ulong key = Varint(bytes, ref at);
            object value = (key & 7) switch
            {
                0 => Varint(bytes, ref at),
                1 => bytes[at..(at += 8)],
                2 => Slice((int)Varint(bytes, ref at)),
                5 => bytes[at..(at += 4)],
                _ => throw new InvalidDataException($"wire type {key & 7}"),
            };
            _fields.Add(((int)(key >> 3), value));

            byte[] Slice(int length) => bytes[at..(at += length)];
        }
    }

    public IEnumerable<WireMessage> Messages(int field) => Values(field).Select(v => new WireMessage((byte[])v));

    public WireMessage? Message(int field) => Messages(field).SingleOrDefault();

    public byte[]? Bytes(int field) => (byte[]?)Values(field).SingleOrDefault();

    public string? Text(int field) => Bytes(field) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public long? Integer(int field) => (long?)(ulong?)Values(field).SingleOrDefault();

    public double? Double(int field) => Bytes(field) is { } bytes ? BitConverter.ToDouble(bytes) : null;

    public float? Float(int field) => Bytes(field) is { } bytes ? BitConverter.ToSingle(bytes) : null;

    /// <summary>A packed field of doubles.</summary>
    public double[] Doubles(int field) => [.. Bytes(field)!.Chunk(8).Select(b => BitConverter.ToDouble(b))];

    private IEnumerable<object> Values(int field) => _fields.Where(f => f.Field == field).Select(f => f.Value);

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 127) << shift;
            if (b < 128) return value;
        }
    }
}
