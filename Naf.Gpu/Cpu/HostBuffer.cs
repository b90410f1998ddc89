using System.Runtime.InteropServices;

namespace Naf.Gpu.Cpu;

/// <summary>
/// Zero-initialised float32 memory for kernels, aligned to a cache line and outside the garbage-collected heap. Live
/// buffers are counted.
/// </summary>
internal sealed unsafe class HostBuffer : IDisposable
{
    private const int Alignment = 64;
    private static long _liveBuffers;
    private float* _pointer;

    /// <param name="length">Number of floats; may be 0.</param>
    /// <exception cref="OutOfMemoryException">The machine does not have enough memory.</exception>
    public HostBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        nuint bytes = (nuint)Math.Max(length, 1) * sizeof(float);
        _pointer = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_pointer, bytes);
        Interlocked.Increment(ref _liveBuffers);
    }

    public static long LiveBuffers => Interlocked.Read(ref _liveBuffers);

    public long Length { get; }

    public float* Pointer => _pointer is not null ? _pointer : throw new ObjectDisposedException(nameof(HostBuffer));

    /// <summary>The whole buffer (at most 2³¹ − 1 floats).</summary>
    public Span<float> Span => new(Pointer, checked((int)Length));

    public void Dispose()
    {
        if (_pointer is null) return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        Interlocked.Decrement(ref _liveBuffers);
    }
}
