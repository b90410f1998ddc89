using Naf.Kernels.Checkpoints;

namespace Naf.Tests;

/// <summary>Writes a component's part of a checkpoint, to be read back.</summary>
internal static class Saved
{
    public static CheckpointScope By(Action<CheckpointScope> save) => Of(Bytes(save));

    public static CheckpointScope Of(byte[] checkpoint) =>
        new CheckpointReader(new MemoryStream(checkpoint)).Scope;

    public static byte[] Bytes(Action<CheckpointScope> save)
    {
        var (writer, stream) = (new CheckpointWriter(), new MemoryStream());
        save(writer.Scope);
        writer.WriteTo(stream);
        return stream.ToArray();
    }
}
