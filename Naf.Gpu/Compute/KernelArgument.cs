using System.Runtime.CompilerServices;

namespace Naf.Gpu;

/// <summary>One argument of a launch: a buffer or a number, with its type, which is held against the kernel's parameter.</summary>
public readonly struct KernelArgument
{
    /// <summary>The number's bytes, lowest first.</summary>
    internal readonly ulong Bits;

    private KernelArgument(Type type, ulong bits, DeviceBuffer? buffer = null) => (Type, Bits, Buffer) = (type, bits, buffer);

    /// <summary>The buffer, or null for a number.</summary>
    public DeviceBuffer? Buffer { get; }

    /// <summary>The type of the number, or of the buffer's elements.</summary>
    public Type Type { get; }

    /// <summary>Bytes of the number.</summary>
    internal int Size => Type == typeof(int) || Type == typeof(uint) || Type == typeof(float) ? 4 : 8;

    /// <summary>A buffer.</summary>
    public static implicit operator KernelArgument(DeviceBuffer buffer) => new(buffer.Element, 0, buffer);

    /// <summary>int.</summary>
    public static implicit operator KernelArgument(int value) => new(typeof(int), (uint)value);

    /// <summary>uint.</summary>
    public static implicit operator KernelArgument(uint value) => new(typeof(uint), value);

    /// <summary>long.</summary>
    public static implicit operator KernelArgument(long value) => new(typeof(long), (ulong)value);

    /// <summary>ulong.</summary>
    public static implicit operator KernelArgument(ulong value) => new(typeof(ulong), value);

    /// <summary>float.</summary>
    public static implicit operator KernelArgument(float value) => new(typeof(float), Unsafe.BitCast<float, uint>(value));

    /// <summary>double.</summary>
    public static implicit operator KernelArgument(double value) => new(typeof(double), Unsafe.BitCast<double, ulong>(value));

    /// <inheritdoc/>
    public override string ToString() => Buffer is null ? Type.Name : $"buffer of {Type.Name}";
}
