namespace Naf.Host.Runs;

/// <summary>What a checkpoint's payload begins with, before the agent.</summary>
/// <param name="MetricsLength">Bytes of metrics.csv when it was made.</param>
/// <param name="MetricsDigest">SHA-256 of those bytes.</param>
/// <param name="TimingLength">Bytes of timing.csv.</param>
/// <param name="Seconds">Seconds that the run had taken.</param>
internal readonly record struct CheckpointHeader(long MetricsLength, byte[] MetricsDigest, long TimingLength, double Seconds)
{
    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(MetricsLength);
        writer.Write(MetricsDigest);
        writer.Write(TimingLength);
        writer.Write(Seconds);
    }

    public static CheckpointHeader Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        return new CheckpointHeader(reader.ReadInt64(), reader.ReadBytes(32), reader.ReadInt64(), reader.ReadDouble());
    }
}
