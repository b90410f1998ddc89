namespace Naf.Gpu;

/// <summary>
/// Pinned host memory that copies go through. Writes fill a ring of segments and wait only for a segment that the device has still to read;
/// so the caller's memory is free at once and no earlier work is waited for.
/// </summary>
internal sealed unsafe class CudaStaging
{
    private const int Segments = 4, SegmentBytes = 1 << 18, Alignment = 64;
    private const uint NoTiming = 2;

    private readonly CudaLibrary _cuda;
    private readonly string _device;
    private readonly nint _stream;
    private readonly nint[] _read = new nint[Segments];
    private readonly bool[] _pending = new bool[Segments];
    private readonly byte* _ring;
    private readonly byte* _download;
    private int _segment, _used;

    /// <exception cref="DeviceException">The driver gives no pinned memory.</exception>
    public CudaStaging(CudaLibrary cuda, string device, nint stream)
    {
        (_cuda, _device, _stream) = (cuda, device, stream);
        try
        {
            void* memory;
            Check(cuda.MemAllocHost(&memory, (Segments + 1) * SegmentBytes), "cuMemAllocHost");
            _ring = (byte*)memory;
            _download = _ring + Segments * SegmentBytes;
            for (int i = 0; i < Segments; i++)
            {
                nint mark;
                Check(cuda.EventCreate(&mark, NoTiming), "cuEventCreate");
                _read[i] = mark;
            }
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>Host to device.</summary>
    public void Write(nint to, byte* from, long bytes)
    {
        while (bytes > 0)
        {
            if (_used == SegmentBytes) NextSegment();
            int count = (int)Math.Min(bytes, SegmentBytes - _used);
            byte* staged = _ring + _segment * SegmentBytes + _used;
            Buffer.MemoryCopy(from, staged, count, count);
            Check(_cuda.MemcpyHtoDAsync(to, staged, (nuint)count, _stream), "cuMemcpyHtoDAsync");
            _used = Math.Min(SegmentBytes, (_used + count + Alignment - 1) & -Alignment);
            to += count;
            from += count;
            bytes -= count;
        }
    }

    /// <summary>Device to host; waits.</summary>
    public void Read(nint from, byte* to, long bytes)
    {
        while (bytes > 0)
        {
            int count = (int)Math.Min(bytes, SegmentBytes);
            Check(_cuda.MemcpyDtoHAsync(_download, from, (nuint)count, _stream), "cuMemcpyDtoHAsync");
            Check(_cuda.StreamSynchronize(_stream), "cuStreamSynchronize");
            Buffer.MemoryCopy(_download, to, count, count);
            from += count;
            to += count;
            bytes -= count;
        }
    }

    /// <summary>Lets the memory go; never throws.</summary>
    public void Free()
    {
        foreach (nint mark in _read)
            if (mark != 0) _ = _cuda.EventDestroy(mark);
        if (_ring is not null) _ = _cuda.MemFreeHost(_ring);
    }

    private void NextSegment()
    {
        Check(_cuda.EventRecord(_read[_segment], _stream), "cuEventRecord");
        _pending[_segment] = true;
        (_segment, _used) = ((_segment + 1) % Segments, 0);
        // the device may still read what was staged here before
        if (_pending[_segment]) Check(_cuda.EventSynchronize(_read[_segment]), "cuEventSynchronize");
        _pending[_segment] = false;
    }

    private void Check(int status, string call) => CudaError.Check(_cuda, status, _device, call);
}
