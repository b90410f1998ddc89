using System.Runtime.InteropServices;

namespace Naf.Kernels.Checkpoints;

/// <summary>
/// A part of a checkpoint that is saved or loaded; its names all begin with the same prefix. Each method adds a section
/// with what it is given, or gives what the section holds, so that a part lists what it is made of once. What is not
/// there, or of another type or length, is an <see cref="InvalidDataException"/> that names it.
/// </summary>
/// <param name="writer">Where it is saved; null: it is loaded.</param>
/// <param name="reader">Where it is loaded from; null: it is saved.</param>
internal sealed class CheckpointScope(CheckpointWriter? writer, CheckpointReader? reader, string prefix = "")
{
    public bool IsLoading => reader is not null;

    /// <summary>A smaller part, whose names begin with this one's prefix, that name and a dot.</summary>
    public CheckpointScope Scope(string name) => new(writer, reader, $"{prefix}{name}.");

    public string Text(string name, string text = "")
    {
        writer?.Add(prefix + name, text);
        return reader?.Text(prefix + name) ?? text;
    }

    /// <summary>Saves a text; refuses to load another one.</summary>
    public void Expect(string name, string text)
    {
        if (Text(name, text) is var saved && saved != text)
            throw new InvalidDataException(
                $"it holds {prefix}{name} {saved} and this run {text}; use the settings of the run");
    }

    /// <summary>One number.</summary>
    public T Value<T>(string name, T value = default) where T : unmanaged
    {
        writer?.Add<T>(prefix + name, [], [value]);
        reader?.Read(prefix + name, new Span<T>(ref value));
        return value;
    }

    /// <summary>An array, of any length.</summary>
    public T[] Values<T>(string name, T[] values) where T : unmanaged
    {
        if (reader is not null) values = new T[reader.Count(prefix + name)];
        Fill<T>(name, values);
        return values;
    }

    /// <summary>A list, of any length.</summary>
    public void Fill<T>(string name, List<T> values) where T : unmanaged
    {
        if (reader is not null) CollectionsMarshal.SetCount(values, (int)reader.Count(prefix + name));
        Fill(name, CollectionsMarshal.AsSpan(values));
    }

    /// <summary>Numbers that stay where they are.</summary>
    public void Fill<T>(string name, Span<T> values) where T : unmanaged
    {
        writer?.Add<T>(prefix + name, [values.Length], values);
        reader?.Read(prefix + name, values);
    }

    /// <summary>
    /// Numbers that stay where they are; saving does not copy them, but reads them when all is written.
    /// </summary>
    public void Fill(BufferSection section)
    {
        section = section with { Name = prefix + section.Name };
        writer?.Add(section);
        reader?.Read(section);
    }
}
