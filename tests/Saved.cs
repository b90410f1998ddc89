namespace Naf.Tests;

/// <summary>What a part writes into a checkpoint, to be read again.</summary>
internal static class Saved
{
    public static BinaryReader By(Action<BinaryWriter> save)
    {
        var stream = new MemoryStream();
        save(new BinaryWriter(stream));
        stream.Position = 0;
        return new BinaryReader(stream);
    }
}
