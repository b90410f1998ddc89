namespace Naf.Gpu;

/// <summary>
/// A device that runs compiled kernels, in the order in which they are launched (one queue). Its calls may come from several threads.
/// What lives on it is counted; disposing it frees what is left.
/// </summary>
public abstract unsafe class GpuDevice : Device
{
    private readonly Dictionary<DeviceBuffer, nint> _buffers = [];
    private readonly Dictionary<string, DeviceProgram> _programs = [];
    private bool _disposed;

    // what this thread allocated since a constructor began
    [ThreadStatic] private static List<DeviceBuffer>? _constructed;

    /// <summary>What it can do.</summary>
    public abstract GpuLimits Limits { get; }

    /// <summary>Where compiled kernels are kept.</summary>
    public CompileCache Cache { get; init; } = new();

    /// <summary>Buffers that are not disposed yet.</summary>
    public int LiveBuffers
    {
        get { lock (Gate) return _buffers.Count; }
    }

    /// <summary>Bytes in buffers that are not disposed yet.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Held during every call into the driver.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>A zeroed array.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceBuffer<T> Allocate<T>(long length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var buffer = new DeviceBuffer<T>(this, length);
        try
        {
            buffer.Fill(0);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>An array with these elements.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceBuffer<T> Allocate<T>(ReadOnlySpan<T> elements) where T : unmanaged
    {
        DeviceBuffer<T> buffer = Allocate<T>(elements.Length);
        try
        {
            buffer.Upload(elements);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Replaces a buffer by a larger one where it has fewer than <paramref name="length"/> elements; what it held is lost.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceBuffer<T> Room<T>(ref DeviceBuffer<T> buffer, long length) where T : unmanaged
    {
        if (buffer.Length >= length) return buffer;
        // the new one first: where it cannot be had, the old one stays
        DeviceBuffer<T> larger = Allocate<T>(length);
        buffer.Dispose();
        return buffer = larger;
    }

    /// <summary>Runs a constructor that allocates on this device; where it fails, what it allocated is freed.</summary>
    public static T Construct<T>(Func<T> constructor)
    {
        List<DeviceBuffer>? outer = _constructed;
        List<DeviceBuffer> own = _constructed = [];
        try
        {
            return constructor();
        }
        catch
        {
            foreach (DeviceBuffer buffer in own) buffer.Dispose();
            throw;
        }
        finally
        {
            outer?.AddRange(own);
            _constructed = outer;
        }
    }

    /// <summary>Compiles a source, or takes what was compiled before. The device owns the program.</summary>
    /// <exception cref="KernelCompileException">It does not compile; the exception has the log.</exception>
    public DeviceProgram Compile(KernelSource source)
    {
        lock (Gate)
        {
            ThrowIfDisposed();
            if (_programs.TryGetValue(source.Text, out DeviceProgram? known)) return known;
            DeviceProgram program = Cache.GetOrCompile([source.Text, .. CompileKeys], () => CompileBinary(source), binary => Load(source, binary));
            _programs.Add(source.Text, program);
            return program;
        }
    }

    /// <summary>Launches a kernel after all that was launched before; returns without waiting for it.</summary>
    /// <exception cref="ArgumentException">An argument or the shape does not fit the kernel or the device.</exception>
    /// <exception cref="DeviceLostException">The device failed.</exception>
    public void Launch(DeviceKernel kernel, LaunchShape shape, params ReadOnlySpan<KernelArgument> arguments)
    {
        ThrowIfElsewhere(kernel);
        kernel.Signature.Check(this, arguments);
        if (kernel.Signature.Threads is > 0 and int threads && shape.Threads != threads)
            throw new ArgumentException($"kernel {kernel.Signature.Name} is written for groups of {threads} threads, not for {shape}");
        if (shape.Groups < 1 || shape.Threads < 1 || shape.Threads > Limits.GroupThreads
            || shape.SharedBytes < 0 || shape.SharedBytes > Limits.SharedBytes)
            throw new ArgumentException(
                $"kernel {kernel.Signature.Name} cannot be launched as {shape} on {Info.Name}, which takes {Limits.GroupThreads} threads "
                + $"and {Limits.SharedBytes} bytes of local memory a group; use a smaller batch or --device cpu");
        if (shape.Cooperative && !Limits.Cooperative)
            throw new ArgumentException($"kernel {kernel.Signature.Name}: {Info.Name} cannot run groups that wait for each other");
        lock (Gate)
        {
            ThrowIfDisposed();
            LaunchKernel(kernel, shape, arguments);
        }
    }

    /// <summary>Waits for all that was launched.</summary>
    /// <exception cref="DeviceLostException">The device failed.</exception>
    public void Synchronize()
    {
        lock (Gate) ThrowIfDisposed();
        // without the gate: others may launch meanwhile
        Wait();
    }

    /// <summary>A mark after all that was launched so far.</summary>
    public DeviceEvent Record()
    {
        lock (Gate)
        {
            ThrowIfDisposed();
            return Mark();
        }
    }

    /// <summary>Groups of a kernel that the whole device can run at the same time.</summary>
    /// <exception cref="ArgumentException">The kernel was compiled on another device.</exception>
    public int ResidentGroups(DeviceKernel kernel, LaunchShape shape)
    {
        ThrowIfElsewhere(kernel);
        lock (Gate)
        {
            ThrowIfDisposed();
            return CountResidentGroups(kernel.Handle, shape);
        }
    }

    /// <summary>Frees all that lives on the device and lets it go. No other thread may be waiting for the device or for a mark meanwhile.</summary>
    public sealed override void Dispose()
    {
        lock (Gate)
        {
            if (_disposed) return;
            foreach (DeviceBuffer buffer in _buffers.Keys.ToArray()) buffer.Dispose();
            // those that other threads are about to give back
            foreach (nint handle in _buffers.Values) FreeMemory(handle);
            _buffers.Clear();
            LiveBytes = 0;
            foreach (DeviceProgram program in _programs.Values) Unload(program.Module, program.Kernels.Select(k => k.Handle));
            _disposed = true;
            Close();
        }
        GC.SuppressFinalize(this);
    }

    internal nint Take(DeviceBuffer buffer)
    {
        lock (Gate)
        {
            ThrowIfDisposed();
            if (buffer.Bytes > Limits.BufferBytes || LiveBytes + buffer.Bytes > Limits.MemoryBytes)
                throw new DeviceMemoryException(Info.Name, buffer.Bytes, LiveBytes, Math.Min(Limits.BufferBytes, Limits.MemoryBytes));
            nint handle = AllocateMemory(buffer.Bytes);
            _buffers.Add(buffer, handle);
            _constructed?.Add(buffer);
            LiveBytes += buffer.Bytes;
            return handle;
        }
    }

    internal void GiveBack(DeviceBuffer buffer, nint handle)
    {
        lock (Gate)
        {
            if (!_buffers.Remove(buffer)) return;
            LiveBytes -= buffer.Bytes;
            FreeMemory(handle);
        }
    }

    internal void Write(DeviceBuffer to, long offset, void* from, long bytes)
    {
        lock (Gate) WriteMemory(to.Handle, offset, from, bytes);
    }

    internal void Read(DeviceBuffer from, long offset, void* to, long bytes)
    {
        lock (Gate) ReadMemory(from.Handle, offset, to, bytes);
    }

    internal void Copy(DeviceBuffer from, long fromOffset, DeviceBuffer to, long offset, long bytes)
    {
        lock (Gate) CopyMemory(from.Handle, fromOffset, to.Handle, offset, bytes);
    }

    internal void Fill(DeviceBuffer buffer, byte value)
    {
        lock (Gate) FillMemory(buffer.Handle, value, buffer.Bytes);
    }

    private DeviceProgram Load(KernelSource source, byte[] binary)
    {
        nint module = LoadBinary(source, binary);
        var found = new List<nint>();
        try
        {
            return new DeviceProgram(this, source, module, Find);
        }
        catch
        {
            Unload(module, found);
            throw;
        }

        nint Find(string name)
        {
            found.Add(FindKernel(module, name));
            return found[^1];
        }
    }

    // what a driver does; all but Wait are called with the gate held

    /// <summary>What a kept binary depends on besides its source: options, device, driver.</summary>
    protected abstract IEnumerable<string> CompileKeys { get; }

    /// <summary>Waits for all that was launched.</summary>
    protected abstract void Wait();

    /// <summary>A mark after all that was launched so far.</summary>
    protected abstract DeviceEvent Mark();

    /// <summary>Groups of a kernel that can run at the same time.</summary>
    protected abstract int CountResidentGroups(nint kernel, LaunchShape shape);

    /// <exception cref="DeviceMemoryException">There is no room.</exception>
    protected abstract nint AllocateMemory(long bytes);

    /// <summary>Frees memory; never throws.</summary>
    protected abstract void FreeMemory(nint memory);

    /// <summary>Host to device; the host memory may be used again when it returns.</summary>
    protected abstract void WriteMemory(nint to, long offset, void* from, long bytes);

    /// <summary>Device to host; waits.</summary>
    protected abstract void ReadMemory(nint from, long offset, void* to, long bytes);

    /// <summary>Device to device.</summary>
    protected abstract void CopyMemory(nint from, long fromOffset, nint to, long offset, long bytes);

    /// <summary>Sets every byte.</summary>
    protected abstract void FillMemory(nint memory, byte value, long bytes);

    /// <exception cref="KernelCompileException">It does not compile.</exception>
    protected abstract byte[] CompileBinary(KernelSource source);

    /// <summary>Loads a binary as a module.</summary>
    protected abstract nint LoadBinary(KernelSource source, byte[] binary);

    /// <summary>A kernel of a module.</summary>
    protected abstract nint FindKernel(nint module, string name);

    /// <summary>Frees a module and its kernels; never throws.</summary>
    protected abstract void Unload(nint module, IEnumerable<nint> kernels);

    /// <summary>Launches with arguments that have been checked.</summary>
    protected abstract void LaunchKernel(DeviceKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Waits for the device and lets it go; never throws.</summary>
    protected abstract void Close();

    private void ThrowIfElsewhere(DeviceKernel kernel)
    {
        if (kernel.Device != this)
            throw new ArgumentException($"kernel {kernel.Signature.Name} was compiled on {kernel.Device.Info.Name}; compile it on {Info.Name}");
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
