using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// A kernel's arguments in CUDA's layout: the fields in order, each aligned to its size, a view as its address and
/// length. ILGPU does the same for its own launches.
/// </summary>
internal static class ArgumentBytes
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Known = [];

    /// <summary>The bytes of a struct of views and numbers.</summary>
    public static byte[] Of(object arguments)
    {
        var bytes = new List<byte>();
        Append(bytes, arguments);
        return [.. bytes];
    }

    private static void Append(List<byte> bytes, object value)
    {
        switch (value)
        {
            case IContiguousArrayView view:
                Align(bytes, sizeof(long));
                long address = view.Length == 0 ? 0 : view.Buffer.NativePtr + (nint)view.IndexInBytes;
                bytes.AddRange(BitConverter.GetBytes(address));
                bytes.AddRange(BitConverter.GetBytes(view.Length));
                break;
            case float or double or int or uint or long or ulong:
                ReadOnlySpan<byte> number = Number(value);
                Align(bytes, number.Length);
                bytes.AddRange(number);
                break;
            default:
                Align(bytes, Alignment(value.GetType()));
                foreach (FieldInfo field in Fields(value.GetType())) Append(bytes, field.GetValue(value)!);
                Align(bytes, Alignment(value.GetType()));
                break;
        }
    }

    private static byte[] Number(object value) => value switch
    {
        float number => BitConverter.GetBytes(number),
        double number => BitConverter.GetBytes(number),
        int number => BitConverter.GetBytes(number),
        uint number => BitConverter.GetBytes(number),
        long number => BitConverter.GetBytes(number),
        _ => BitConverter.GetBytes((ulong)value),
    };

    private static int Alignment(Type type) =>
        typeof(IContiguousArrayView).IsAssignableFrom(type) ? sizeof(long)
        : type.IsPrimitive ? Marshal.SizeOf(type)
        : Fields(type).Max(field => Alignment(field.FieldType));

    private static void Align(List<byte> bytes, int size)
    {
        while (bytes.Count % size != 0) bytes.Add(0);
    }

    // cached, since every launch needs the same ones
    private static FieldInfo[] Fields(Type type) => Known.GetOrAdd(type, static arguments =>
        arguments.IsPrimitive ? throw new NotSupportedException($"a kernel's argument cannot hold a {arguments.Name}")
        : [.. arguments.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(f => f.MetadataToken)]);
}
