using System.Runtime.InteropServices;

namespace Naf.Kernels.Checkpoints;

/// <summary>
/// A part of a checkpoint, for saving or loading; all its section names share a prefix. Each method either saves its
/// argument as a section or returns the loaded section, so that one method describes both directions. A section that is
/// missing or has another type or length throws an <see cref="InvalidDataException"/> that names it.
/// </summary>
/// <param name="writer">Destination when saving; null when loading.</param>
/// <param name="reader">Source when loading; null when saving.</param>
internal sealed class CheckpointScope(CheckpointWriter? writer, CheckpointReader? reader, string prefix = "")
{
    public bool IsLoading => reader is not null;

    /// <summary>A nested scope; its prefix is this scope's prefix, the name and a dot.</summary>
    public CheckpointScope Scope(string name) => new(writer, reader, $"{prefix}{name}.");

    /// <summary>Whether a section or a text of this name can be loaded.</summary>
    public bool Contains(string name) => reader?.Contains(prefix + name) ?? false;

    public string Text(string name, string text = "")
    {
        writer?.Add(prefix + name, text);
        return reader?.Text(prefix + name) ?? text;
    }

    /// <summary>Saves a text, or checks that the loaded text equals it.</summary>
    public void Expect(string name, string text)
    {
        if (Text(name, text) is var saved && saved != text)
            throw new InvalidDataException(
                $"it holds {prefix}{name} {saved} and this run {text}; use the settings of the run");
    }

    /// <summary>Saves or loads a scalar.</summary>
    public T Value<T>(string name, T value = default) where T : unmanaged
    {
        writer?.Add<T>(prefix + name, [], [value]);
        reader?.Read(prefix + name, new Span<T>(ref value));
        return value;
    }

    /// <summary>Saves or loads an array of any length.</summary>
    public T[] Values<T>(string name, T[] values) where T : unmanaged
    {
        if (reader is not null) values = new T[reader.Count(prefix + name)];
        Fill<T>(name, values);
        return values;
    }

    /// <summary>Saves or loads a list of any length.</summary>
    public void Fill<T>(string name, List<T> values) where T : unmanaged
    {
        if (reader is not null) CollectionsMarshal.SetCount(values, (int)reader.Count(prefix + name));
        Fill(name, CollectionsMarshal.AsSpan(values));
    }

    /// <summary>Saves or loads numbers in place.</summary>
    public void Fill<T>(string name, Span<T> values) where T : unmanaged
    {
        writer?.Add<T>(prefix + name, [values.Length], values);
        reader?.Read(prefix + name, values);
    }

    /// <summary>Saves or loads a buffer in place; saving reads it when the file is written, without a copy.</summary>
    public void Fill(BufferSection section)
    {
        section = section with { Name = prefix + section.Name };
        writer?.Add(section);
        reader?.Read(section);
    }
}
